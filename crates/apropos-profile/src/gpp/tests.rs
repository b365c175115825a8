//! Strings from the published formats, and strings from nowhere.

use proptest::prelude::*;

use super::*;

const CORE: &str = "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA";

#[test]
fn a_core_string_is_read() {
    let tc: TcString = CORE.parse().unwrap();
    assert_eq!((tc.version, tc.cmp_id, tc.cmp_version), (2, 31, 640));
    assert_eq!(tc.consent_language, "EN");
    assert_eq!(tc.created.to_string().get(..10), Some("2022-04-20"));
    assert!(tc.vendor_consents.is_empty() && !tc.allows(1, 1));
}

#[test]
fn a_platform_string_names_its_sections() {
    let gpp: GppString = format!("DBABMA~{CORE}").parse().unwrap();
    assert_eq!(gpp.sections.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2]);
    assert_eq!(gpp.tcf_eu, CORE.parse().ok());
    let gpp: GppString = format!("DBACNYA~{CORE}~1YNN").parse().unwrap();
    assert_eq!(gpp.sections.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [2, 6]);
    assert_eq!(gpp.us.map(|us| us.opts_out()), Some(false));
    let gpp: GppString = format!("DBACNYA~{CORE}~1YYN").parse().unwrap();
    assert_eq!(gpp.us.map(|us| us.opts_out()), Some(true));
}

#[test]
fn what_is_not_a_string_is_refused() {
    assert_eq!("".parse::<TcString>(), Err(ConsentStringError::Short));
    assert_eq!("!!".parse::<TcString>(), Err(ConsentStringError::Alphabet));
    assert_eq!("BAAA".parse::<TcString>(), Err(ConsentStringError::Version(1)));
    assert_eq!(CORE[..30].parse::<TcString>(), Err(ConsentStringError::Short));
    assert!(format!("{CORE}.4AAA").parse::<TcString>().is_err());
    assert!("DBABMA".parse::<GppString>().is_err());
    assert!("A".repeat(MAX_STRING_BYTES + 1).parse::<TcString>().is_err());
}

proptest! {
    #[test]
    fn no_string_panics(text in "[A-Za-z0-9_.~-]{0,120}", core in any::<bool>()) {
        let text = if core { format!("{CORE}.{text}") } else { text };
        let _ = text.parse::<TcString>();
        let _ = text.parse::<GppString>();
    }
}
