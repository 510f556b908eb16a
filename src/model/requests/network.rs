//! Networks of addresses, as `192.0.2.0/24` names one.

use std::net::{IpAddr, Ipv6Addr};

/// The addresses that begin with the same bits as a given one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix_bits: u32,
}

impl Network {
    /// Reads one address, or an address and the number of leading bits that
    /// the network's addresses share, with `/` between.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = bits_of(address);
        let is_number = |it: &&str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
        let prefix_bits = match prefix {
            Some(prefix) => Some(prefix).filter(is_number)?.parse().ok()?,
            None => bits,
        };
        if prefix_bits > bits {
            return None;
        }
        let first = address.to_canonical();
        // An IPv4 address that is written as one of IPv6 has 96 bits more.
        let prefix_bits = prefix_bits.checked_sub(bits - bits_of(first))?;
        Some(Self { first, prefix_bits })
    }

    /// Whether an address is in the network. An IPv4 address is the same in
    /// the form that IPv6 has for it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let bits = bits_of(self.first);
        if bits != bits_of(address) {
            return false;
        }
        let differing = number_of(self.first) ^ number_of(address);
        let shared = bits - (u128::BITS - differing.leading_zeros());
        shared >= self.prefix_bits
    }
}

/// The addresses that are counted together: one of IPv4, and all with the
/// same 64 bits of IPv6, of which a single client has that many.
pub fn counted_address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            Ipv6Addr::from_bits(network).into()
        }
    }
}

fn bits_of(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => u32::BITS,
        IpAddr::V6(_) => u128::BITS,
    }
}

fn number_of(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        for (network, inside, outside) in [
            ("192.0.2.7", "192.0.2.7", "192.0.2.6"),
            ("192.0.2.0/24", "192.0.2.255", "192.0.3.0"),
            ("192.0.2.9/25", "192.0.2.127", "192.0.2.128"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("::/0", "2001:db8::1", "192.0.2.1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
            ("192.0.2.0/24", "::ffff:192.0.2.1", "::192.0.2.1"),
            ("::ffff:192.0.2.0/120", "192.0.2.1", "192.0.3.1"),
        ] {
            let read = Network::parse(network).unwrap();
            assert!(read.contains(inside.parse().unwrap()), "{network}");
            assert!(!read.contains(outside.parse().unwrap()), "{network}");
        }
    }

    #[test]
    fn what_is_no_network_is_not_read() {
        for text in [
            "",
            "/8",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "10.0.0.0/-1",
            "10.0.0/8",
            "::/129",
            "::ffff:0.0.0.0/95",
            "fe80::1%eth0",
            "proxy.example",
            "10.0.0.1:80",
            " 10.0.0.1",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }

    #[test]
    fn all_of_a_clients_addresses_are_counted_together() {
        let counted = |text: &str| counted_address(text.parse().unwrap()).to_string();
        assert_eq!(counted("192.0.2.1"), "192.0.2.1");
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_ne!(counted("2001:db8:1:3::"), counted("2001:db8:1:2::"));
    }
}
