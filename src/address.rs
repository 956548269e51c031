//! `host:port` as ezmsg writes it.

use std::fmt;
use std::str::FromStr;

/// Where a GraphServer listens. ezmsg's own default is `127.0.0.1:25978`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A host name or an IP address, without brackets.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Address {
    /// ezmsg's `DEFAULT_HOST` and `GRAPHSERVER_PORT_DEFAULT`.
    pub const DEFAULT: &str = "127.0.0.1:25978";
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if let Some((_, rest)) = text.split_once("://") {
            let bare = rest.trim_end_matches('/');
            let with_port = || format!("{bare}:25978").parse::<Self>();
            let example = bare.parse().or_else(|_| with_port());
            let example = example.map_or_else(|_| Self::DEFAULT.to_owned(), |it| it.to_string());
            return Err(format!("expected HOST:PORT without a scheme, for example {example}"));
        }
        let (host, port) = text
            .rsplit_once(':')
            .ok_or_else(|| "expected HOST:PORT, for example 127.0.0.1:25978".to_owned())?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        if host.is_empty() || host.contains(char::is_whitespace) {
            return Err("expected HOST:PORT, and the host is missing".into());
        }
        let port =
            port.parse().ok().filter(|port| *port != 0).ok_or_else(|| {
                format!("'{port}' is not a port: expected a number from 1 to 65535")
            })?;
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(formatter, "[{}]:{}", self.host, self.port)
        } else {
            write!(formatter, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_parsed_is_printed_again() {
        for text in ["127.0.0.1:25978", "lab-pc:1", "[::1]:65535"] {
            assert_eq!(text.parse::<Address>().map(|address| address.to_string()), Ok(text.into()));
        }
    }

    /// ezmsg parses the port with Python's `int`, which ignores blanks.
    #[test]
    fn blanks_around_an_address_are_ignored() {
        let address = "localhost:25978".parse::<Address>();
        for text in ["localhost:25978 ", " localhost:25978", "\tlocalhost:25978\r\n"] {
            assert_eq!(text.parse(), address, "{text:?}");
        }
    }

    #[test]
    fn a_scheme_is_refused_with_the_address_that_is_meant() {
        for (text, meant) in [
            ("tcp://lab:25978", "lab:25978"),
            ("http://lab:25978/", "lab:25978"),
            ("tcp://[::1]:25978", "[::1]:25978"),
            ("tcp://lab", "lab:25978"),
        ] {
            let why = format!("expected HOST:PORT without a scheme, for example {meant}");
            assert_eq!(text.parse::<Address>(), Err(why), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "25978", "host:", ":25978", "host:0", "host:65536", "host:http", "a b:1"] {
            assert!(text.parse::<Address>().is_err(), "{text:?} was taken for an address");
        }
    }
}
