//! Reads consent strings of the Transparency and Consent Framework and compares every decoded field.
//!
//! `cargo run --release --example consent_strings -- FILE [--json]`
//!
//! FILE has one JSON object a line: the string under `tc`, beside it what it must say.

use apropos::event::Timestamp;
use apropos::profile::gpp::TcString;
use apropos_examples::failure::Failure;
use apropos_examples::{args::Args, input};
use serde::Deserialize;
use serde_json::json;

/// One string with what it must say.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    tc: String,
    version: u8,
    created: Timestamp,
    last_updated: Timestamp,
    cmp_id: u16,
    cmp_version: u16,
    consent_screen: u8,
    consent_language: String,
    vendor_list_version: u16,
    policy_version: u8,
    is_service_specific: bool,
    purpose_one_treatment: bool,
    publisher_country_code: String,
    purpose_consents: Vec<u16>,
    purpose_legitimate_interests: Vec<u16>,
    special_feature_optins: Vec<u16>,
    vendor_consents: Vec<u16>,
    vendor_legitimate_interests: Vec<u16>,
    vendors_disclosed: Vec<u16>,
    vendors_allowed: Vec<u16>,
    publisher_consents: Vec<u16>,
    publisher_legitimate_interests: Vec<u16>,
    publisher_restrictions: Vec<Restriction>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Restriction {
    purpose_id: u8,
    #[serde(rename = "restrictionType")]
    kind: u8,
    vendors: Vec<u16>,
}

fn main() -> Result<(), Failure> {
    let args = Args::from_env(&["json"], &[])?;
    let rows: Vec<Row> = input::json_lines(args.path(0, "FILE")?)?;
    let mut agree = 0;
    for (number, row) in (1..).zip(&rows) {
        match row.tc.parse::<TcString>() {
            Ok(tc) => match differing(row, &tc) {
                fields if fields.is_empty() => agree += 1,
                fields => eprintln!("line {number}: {} differ", fields.join(", ")),
            },
            Err(error) => eprintln!("line {number}: {error}"),
        }
    }
    if args.flag("json") {
        println!("{}", json!({"rows": rows.len(), "agree": agree}));
    } else {
        println!("{agree} of {} consent strings agree in every field", rows.len());
    }
    if agree == rows.len() { Ok(()) } else { Err("some consent strings differ".into()) }
}

/// The fields in which the decoded string differs.
fn differing(row: &Row, tc: &TcString) -> Vec<&'static str> {
    let restrictions: Vec<Restriction> = tc
        .publisher_restrictions
        .iter()
        .map(|restriction| Restriction {
            purpose_id: restriction.purpose,
            kind: restriction.restriction.number(),
            vendors: restriction.vendors.clone(),
        })
        .collect();
    let fields = [
        ("version", row.version == tc.version),
        ("created", row.created == tc.created),
        ("lastUpdated", row.last_updated == tc.last_updated),
        ("cmpId", row.cmp_id == tc.cmp_id),
        ("cmpVersion", row.cmp_version == tc.cmp_version),
        ("consentScreen", row.consent_screen == tc.consent_screen),
        ("consentLanguage", row.consent_language == tc.consent_language),
        ("vendorListVersion", row.vendor_list_version == tc.vendor_list_version),
        ("policyVersion", row.policy_version == tc.policy_version),
        ("isServiceSpecific", row.is_service_specific == tc.is_service_specific),
        ("purposeOneTreatment", row.purpose_one_treatment == tc.purpose_one_treatment),
        ("publisherCountryCode", row.publisher_country_code == tc.publisher_country_code),
        ("purposeConsents", row.purpose_consents == tc.purpose_consents),
        ("purposeLegitimateInterests", row.purpose_legitimate_interests == tc.purpose_legitimate_interests),
        ("specialFeatureOptins", row.special_feature_optins == tc.special_feature_optins),
        ("vendorConsents", row.vendor_consents == tc.vendor_consents),
        ("vendorLegitimateInterests", row.vendor_legitimate_interests == tc.vendor_legitimate_interests),
        ("vendorsDisclosed", row.vendors_disclosed == tc.vendors_disclosed),
        ("vendorsAllowed", row.vendors_allowed == tc.vendors_allowed),
        ("publisherConsents", row.publisher_consents == tc.publisher_consents),
        (
            "publisherLegitimateInterests",
            row.publisher_legitimate_interests == tc.publisher_legitimate_interests,
        ),
        ("publisherRestrictions", row.publisher_restrictions == restrictions),
    ];
    fields.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect()
}
