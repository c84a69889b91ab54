//! Which addresses a webhook may reach: the rule that keeps a project's admin from making the
//! registry knock at doors of the network it stands in.
//!
//! [`Reach`] sorts every IP address; [`Rule`] says which sorts a connection may go to. An address
//! that wraps another (IPv4 in IPv6, NAT64, 6to4) is what it wraps. The rule is asked of the
//! address that is connected to, by [`super::resolver`]; what a webhook is given as its address is
//! read here, so that most mistakes are told at once.

use crate::limits;
use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an IP address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// On the internet.
    Public,
    /// This machine, or a network of somebody's own.
    Private,
    /// Nowhere that a webhook could be: this link (cloud machines tell their secrets there),
    /// many at once, documentation, what nobody has been given.
    Nowhere,
}

impl Reach {
    /// Where an address is.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => match wrapped(address) {
                Some(inner) => Self::of_v4(inner),
                None => Self::of_v6(address),
            },
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        let [a, b, c, _] = address.octets();
        match (a, b, c) {
            // RFC 1918, loopback, and what carriers share (RFC 6598).
            (10 | 127, ..) | (192, 168, _) => Self::Private,
            (172, 16..=31, _) | (100, 64..=127, _) => Self::Private,
            // "This network", this link, protocol assignments, documentation, the old 6to4 relays,
            // benchmarks; then multicast, reserved and broadcast.
            (0, ..) | (169, 254, _) => Self::Nowhere,
            (192, 0, 0 | 2) | (192, 88, 99) => Self::Nowhere,
            (198, 18 | 19, _) | (198, 51, 100) | (203, 0, 113) => Self::Nowhere,
            (224..=255, ..) => Self::Nowhere,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let [a, b, ..] = address.segments();
        match (a, b) {
            _ if address.is_loopback() => Self::Private,
            // Unique local.
            (0xfc00..=0xfdff, _) => Self::Private,
            // Protocol assignments (Teredo among them) and documentation.
            (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, 0x0000..=0x0fff) => Self::Nowhere,
            // All that has been given out for the internet.
            (0x2000..=0x3fff, _) => Self::Public,
            _ => Self::Nowhere,
        }
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped (::ffff:0:0/96), translated
/// (64:ff9b::/96) or tunnelled (2002::/16).
fn wrapped(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => Some(of(g, h)),
        (0x2002, ..) => Some(of(b, c)),
        _ => None,
    }
}

/// Which addresses one kind of connection may go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Whether the operator allows private addresses.
    pub allow_private: bool,
    /// Whether it is a connection in the clear: those stay in private networks.
    pub plain: bool,
}

impl Rule {
    /// Whether a connection may go there.
    ///
    /// # Errors
    /// The words for whoever reads the log of deliveries.
    pub fn allows(self, address: IpAddr) -> Result<(), &'static str> {
        match Reach::of(address) {
            Reach::Nowhere => {
                Err("its name leads to an address that no webhook can have; nothing was sent")
            }
            Reach::Private if !self.allow_private => Err(
                "its name leads to a private address, and this registry's operator does not allow those; nothing was sent",
            ),
            Reach::Public if self.plain => {
                Err("http:// is for private networks only; use https://. Nothing was sent")
            }
            Reach::Public | Reach::Private => Ok(()),
        }
    }
}

/// Reads the address of a webhook as somebody typed it.
///
/// # Errors
/// The words for whoever typed it.
pub fn read(text: &str, allow_private: bool) -> Result<Url, &'static str> {
    let text = text.trim();
    if text.len() > limits::WEBHOOK_URL_BYTES {
        return Err("this address is too long; at most 2,000 bytes are taken");
    }
    let url = Url::parse(text)
        .map_err(|_| "this is not an address; it looks like https://example.com/hooks/galley")?;
    let plain = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return Err("a webhook's address begins with https://"),
    };
    if plain && !allow_private {
        return Err("a webhook's address begins with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address may hold no name and no password; the signature shows who sends");
    }
    if url.fragment().is_some() {
        return Err("the address may not hold a part after #; it is never sent");
    }
    match literal(&url) {
        Some(address) => Rule {
            allow_private,
            plain,
        }
        .allows(address)
        .map_err(|_| literal_words(address))?,
        None if url.host_str().is_none_or(str::is_empty) => {
            return Err("the address names no host");
        }
        None => {}
    }
    Ok(url)
}

/// The IP address that stands in an address in place of a name. The URL's own rules have already
/// turned `0x7f.1` and `2130706433` into what they mean.
#[must_use]
pub fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
}

fn literal_words(address: IpAddr) -> &'static str {
    match Reach::of(address) {
        Reach::Public => "http:// is for private networks only; use https://",
        Reach::Private => {
            "this is a private address, and this registry's operator does not allow those for webhooks"
        }
        Reach::Nowhere => "no webhook can have this address",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_sorted() {
        use Reach::{Nowhere, Private, Public};
        for (text, expected) in [
            ("8.8.8.8", Public),
            ("1.1.1.1", Public),
            ("93.184.215.14", Public),
            ("172.15.255.255", Public),
            ("172.32.0.0", Public),
            ("100.63.255.255", Public),
            ("100.128.0.0", Public),
            ("192.0.1.1", Public),
            ("198.17.255.255", Public),
            ("198.20.0.0", Public),
            ("223.255.255.255", Public),
            ("10.0.0.0", Private),
            ("10.255.255.255", Private),
            ("127.0.0.1", Private),
            ("127.255.255.254", Private),
            ("172.16.0.0", Private),
            ("172.31.255.255", Private),
            ("192.168.0.1", Private),
            ("100.64.0.0", Private),
            ("100.127.255.255", Private),
            ("0.0.0.0", Nowhere),
            ("0.1.2.3", Nowhere),
            ("169.254.169.254", Nowhere),
            ("192.0.0.8", Nowhere),
            ("192.0.2.1", Nowhere),
            ("192.88.99.1", Nowhere),
            ("198.18.0.1", Nowhere),
            ("198.19.255.255", Nowhere),
            ("198.51.100.7", Nowhere),
            ("203.0.113.9", Nowhere),
            ("224.0.0.1", Nowhere),
            ("239.255.255.255", Nowhere),
            ("240.0.0.1", Nowhere),
            ("255.255.255.255", Nowhere),
            ("2606:4700:4700::1111", Public),
            ("2001:4860:4860::8888", Public),
            ("2001:200::1", Public),
            ("2a00:1450::1", Public),
            ("::1", Private),
            ("fc00::1", Private),
            ("fdff:ffff::1", Private),
            ("::", Nowhere),
            ("fe80::1", Nowhere),
            ("febf::1", Nowhere),
            ("fec0::1", Nowhere),
            ("ff02::1", Nowhere),
            ("100::1", Nowhere),
            ("2001::1", Nowhere),
            ("2001:1ff::1", Nowhere),
            ("2001:db8::1", Nowhere),
            ("3fff::1", Nowhere),
            ("4000::1", Nowhere),
            ("5f00::1", Nowhere),
            // Compatible (long given up): not what it wraps, but nowhere.
            ("::8.8.8.8", Nowhere),
            ("64:ff9b:1::808:808", Nowhere),
            // What wraps another is the other.
            ("::ffff:127.0.0.1", Private),
            ("::ffff:10.1.2.3", Private),
            ("::ffff:169.254.169.254", Nowhere),
            ("::ffff:8.8.8.8", Public),
            ("64:ff9b::127.0.0.1", Private),
            ("64:ff9b::a9fe:a9fe", Nowhere),
            ("64:ff9b::8.8.8.8", Public),
            ("2002:7f00:1::", Private),
            ("2002:c0a8:101::1", Private),
            ("2002:a9fe:a9fe::1", Nowhere),
            ("2002:808:808::1", Public),
        ] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(Reach::of(address), expected, "{text}");
        }
    }

    #[test]
    fn the_operator_decides_over_private_and_plain_stays_private() {
        for (allow_private, plain, text, allowed) in [
            (false, false, "8.8.8.8", true),
            (false, false, "127.0.0.1", false),
            (false, false, "169.254.169.254", false),
            (true, false, "8.8.8.8", true),
            (true, false, "127.0.0.1", true),
            (true, false, "169.254.169.254", false),
            (true, true, "8.8.8.8", false),
            (true, true, "127.0.0.1", true),
            (true, true, "0.0.0.0", false),
            (false, true, "8.8.8.8", false),
            (false, true, "127.0.0.1", false),
        ] {
            let rule = Rule {
                allow_private,
                plain,
            };
            let address = text.parse().unwrap();
            assert_eq!(rule.allows(address).is_ok(), allowed, "{rule:?} {text}");
        }
    }

    #[test]
    fn what_somebody_types_is_read_or_refused_in_words() {
        // With private addresses allowed, and without.
        for (text, allowed, strict) in [
            ("https://example.com/hooks", true, true),
            (" https://example.com:8443/a?b=c ", true, true),
            ("https://8.8.8.8/", true, true),
            ("https://[2606:4700:4700::1111]/", true, true),
            ("https://localhost/", true, true), // a name: asked when it is connected to
            ("https://127.0.0.1/", true, false),
            ("https://127.1/", true, false),
            ("https://0x7f.0.0.1/", true, false),
            ("https://2130706433/", true, false),
            ("https://017700000001/", true, false),
            ("https://127.0.0.1./", true, false),
            ("https://[::1]/", true, false),
            ("https://[::ffff:10.0.0.1]/", true, false),
            ("https://[::ffff:a00:1]/", true, false),
            ("https://192.168.7.7/", true, false),
            ("https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", true, false), // wide digits
            ("http://127.0.0.1:8080/", true, false),
            ("http://hooks.internal/", true, false),
            ("http://8.8.8.8/", false, false),
            ("http://example.com/", true, false), // asked when it is connected to
            ("https://169.254.169.254/latest", false, false),
            ("https://0.0.0.0/", false, false),
            ("https://0/", false, false),
            ("https://me:secret@example.com/", false, false),
            ("https://me@example.com/", false, false),
            ("https://example.com/#part", false, false),
            ("ftp://example.com/", false, false),
            ("file:///etc/passwd", false, false),
            ("https://", false, false),
            ("example.com/hooks", false, false),
            ("", false, false),
        ] {
            assert_eq!(read(text, true).is_ok(), allowed, "private: {text}");
            assert_eq!(read(text, false).is_ok(), strict, "strict: {text}");
        }
        let long = format!("https://example.com/{}", "x".repeat(2_000));
        assert!(read(&long, false).is_err());
        assert!(
            read("https://10.0.0.1/", false)
                .unwrap_err()
                .contains("private")
        );
    }
}
