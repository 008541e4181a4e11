//! Master data as it is walked.

/// Portfolios' master data, by id: all of each, for a walk leaves nothing out.
pub(super) mod portfolio_infos {
    use std::sync::Arc;

    use hub_core::PortfolioId;
    use hub_core::event::PortfolioInfo;
    use hub_rows::{Elements, read_elements};
    use rpds::RedBlackTreeMapSync;
    use serde::ser::SerializeSeq as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    type Infos = RedBlackTreeMapSync<PortfolioId, Arc<PortfolioInfo>>;

    #[derive(Serialize, Deserialize)]
    #[serde(remote = "PortfolioInfo")]
    struct Walked {
        portfolio_id: PortfolioId,
        name: String,
        phone_number: Option<String>,
        address: Option<String>,
    }

    #[derive(Serialize)]
    struct Ref<'a>(#[serde(serialize_with = "write")] &'a PortfolioInfo);

    #[derive(Deserialize)]
    struct Owned(#[serde(with = "Walked")] PortfolioInfo);

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "of serde's making")]
    fn write<S: Serializer>(info: &&PortfolioInfo, to: S) -> Result<S::Ok, S::Error> {
        Walked::serialize(info, to)
    }

    pub(in crate::state::reference) fn serialize<S: Serializer>(
        infos: &Infos,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        let mut sequence = to.serialize_seq(Some(infos.size()))?;
        infos.values().try_for_each(|info| sequence.serialize_element(&Ref(info)))?;
        sequence.end()
    }

    #[derive(Default)]
    struct Restored(Infos);

    impl Elements for Restored {
        type Element = Owned;

        fn add(&mut self, Owned(info): Owned) -> Result<(), &'static str> {
            self.0.insert_mut(info.portfolio_id, Arc::new(info));
            Ok(())
        }
    }

    pub(in crate::state::reference) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Infos, D::Error> {
        read_elements(from).map(|Restored(infos)| infos)
    }
}
