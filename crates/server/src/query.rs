//! The query of a URL, for routes and native sockets alike: each declares the
//! parameters that it reads; see [`hub_core::parameters`].

use std::borrow::Cow;

use actix_web::web;
use hub_core::{Parameter, ParameterError, Parameters};

/// The parameters of a query, decoded, in order; of a URL that is gone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows the `?` of a URL. What is no UTF-8 once it is
    /// decoded is replaced.
    pub fn parse(text: &str) -> Query {
        // Pairs of texts can always be read.
        let parsed = web::Query::<Vec<(String, String)>>::from_query(text);
        Query(parsed.map(web::Query::into_inner).unwrap_or_default())
    }

    /// Reads the declared parameters; an error names one that is not declared,
    /// or was given twice.
    pub fn read(&self, declared: &'static [Parameter]) -> Result<Parameters<'_>, ParameterError> {
        let borrowed = self.0.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into()));
        Parameters::of_query(declared, borrowed)
    }

    /// The same of a query that is not needed any more.
    pub(crate) fn into_parameters(
        self,
        declared: &'static [Parameter],
    ) -> Result<Parameters<'static>, ParameterError> {
        let owned = self.0.into_iter().map(|(name, value)| (Cow::Owned(name), Cow::Owned(value)));
        Parameters::of_query(declared, owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static DECLARED: [Parameter; 2] = [Parameter::new("a"), Parameter::new("b")];

    #[test]
    fn parameters_are_decoded() {
        let query = Query::parse("a=%C3%A9+&&b=x%2Cy");
        let given = query.read(&DECLARED).unwrap();
        assert_eq!(DECLARED.map(|name| given.text(&name).unwrap().into_owned()), ["é ", "x,y"]);
        assert_eq!(Query::parse(""), Query::default());
        let broken = Query::parse("a=%FF%zz");
        assert_eq!(broken.read(&DECLARED).unwrap().text(&DECLARED[0]).as_deref(), Some("\u{fffd}%zz"));
    }

    #[test]
    fn a_name_alone_is_given_too() {
        assert_eq!(
            Query::parse("a&a").read(&DECLARED).unwrap_err().to_string(),
            "a: is given twice, as a and a"
        );
        assert!(Query::parse("c").read(&DECLARED).is_err());
    }
}
