//! The end of a chunked body (RFC 9112, section 7.1), found as actix finds it.

/// One chunked body, followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Chunks {
    at: At,
    /// Bytes that are left of the chunk.
    left: u64,
}

/// An error: the bytes are no chunked body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Malformed;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum At {
    #[default]
    Size,
    /// Behind its first digit.
    MoreSize,
    AfterSize,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// The beginning of a line behind the last chunk: a trailer, or the end.
    Line,
    Trailer,
    TrailerLf,
    EndLf,
}

impl Chunks {
    /// Goes on through `bytes`: how many of them are the body's, and whether it
    /// ends with them.
    pub(super) fn follow(&mut self, bytes: &[u8]) -> Result<(usize, bool), Malformed> {
        let mut seen = 0;
        while let Some(&byte) = bytes.get(seen) {
            if self.at == At::Data {
                let there = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - seen);
                self.left -= there as u64;
                seen += there;
                if self.left == 0 {
                    self.at = At::DataCr;
                }
                continue;
            }
            seen += 1;
            if self.at == At::EndLf {
                return if byte == b'\n' { Ok((seen, true)) } else { Err(Malformed) };
            }
            self.at = self.step(byte)?;
        }
        Ok((seen, false))
    }

    fn step(&mut self, byte: u8) -> Result<At, Malformed> {
        Ok(match (self.at, byte) {
            (At::Size, _) => {
                self.left = digit(byte).ok_or(Malformed)?;
                At::MoreSize
            }
            (At::MoreSize | At::AfterSize, b' ' | b'\t') => At::AfterSize,
            (At::MoreSize | At::AfterSize, b';') => At::Extension,
            (At::MoreSize | At::AfterSize | At::Extension, b'\r') => At::SizeLf,
            (At::MoreSize, _) => {
                let digit = digit(byte).ok_or(Malformed)?;
                self.left = self.left.checked_mul(16).ok_or(Malformed)? | digit;
                At::MoreSize
            }
            (At::Extension, 0x00..=0x08 | 0x0a..=0x1f | 0x7f) => return Err(Malformed),
            (At::Extension, _) => At::Extension,
            (At::SizeLf, b'\n') => {
                if self.left > 0 {
                    At::Data
                } else {
                    At::Line
                }
            }
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => At::Size,
            (At::Line, b'\r') => At::EndLf,
            (At::Trailer, b'\r') => At::TrailerLf,
            (At::Line | At::Trailer, _) => At::Trailer,
            (At::TrailerLf, b'\n') => At::Line,
            _ => return Err(Malformed),
        })
    }
}

fn digit(byte: u8) -> Option<u64> {
    char::from(byte).to_digit(16).map(u64::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follow(bytes: &[u8]) -> Result<(usize, bool), Malformed> {
        Chunks::default().follow(bytes)
    }

    #[test]
    fn a_body_ends_behind_its_last_chunk_and_its_trailers_wherever_it_is_cut() {
        for body in ["0\r\n\r\n", "4\r\ndata\r\n00A ;x=\"\r\r\n0123456789\r\n0\r\nA: b\r\nC: d\r\n\r\n"] {
            let body = body.replace("\r\r", "\"\r");
            let with_next = format!("{body}GET /");
            assert_eq!(follow(with_next.as_bytes()), Ok((body.len(), true)));
            for cut in 0..body.len() {
                let mut chunks = Chunks::default();
                assert_eq!(chunks.follow(&body.as_bytes()[..cut]), Ok((cut, false)));
                assert_eq!(chunks.follow(&with_next.as_bytes()[cut..]), Ok((body.len() - cut, true)));
            }
        }
    }

    #[test]
    fn what_is_no_chunk_is_malformed() {
        for body in [
            "\r\n",
            "x\r\n",
            "4x\r\n",
            "4\r\ndataX",
            "4\r\ndata\rX",
            "4\rX",
            "4 4\r\n",
            "0\r\n\rX",
            "4;\u{1}",
            "ffffffffffffffffff\r\n",
        ] {
            assert_eq!(follow(body.as_bytes()), Err(Malformed), "{body:?}");
        }
    }
}
