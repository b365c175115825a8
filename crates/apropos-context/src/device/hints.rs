//! User-agent client hints: what a browser says about its device when asked, read before the User-Agent text.
//!
//! The fields are those of W3C "User-Agent Client Hints"; their syntax is RFC 8941 structured fields.

use super::{Device, DeviceClass};

/// The client hints of one request, as the text of their header fields.
///
/// ```
/// use apropos_context::{ClientHints, DeviceClass};
///
/// let hints = ClientHints::from_headers([
///     ("Sec-CH-UA", r#""Chromium";v="142", "Not_A Brand";v="99", "Google Chrome";v="142""#),
///     ("Sec-CH-UA-Mobile", "?1"),
///     ("Sec-CH-UA-Platform", "\"Android\""),
///     ("Sec-CH-UA-Model", "\"Pixel 9\""),
/// ]);
/// let device = hints.device().unwrap();
/// assert_eq!(device.class, DeviceClass::Phone);
/// assert_eq!(device.browser.as_deref(), Some("Google Chrome"));
/// assert_eq!(device.model.as_deref(), Some("Pixel 9"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientHints {
    brands: Vec<String>,
    mobile: Option<bool>,
    platform: Option<String>,
    model: Option<String>,
    form_factors: Vec<String>,
}

/// The longest header field that is read, in bytes.
const MAX_FIELD: usize = 4_096;

impl ClientHints {
    /// Reads the hints among header fields; others, and malformed ones, are left out.
    pub fn from_headers<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut hints = Self::default();
        for (name, value) in fields.into_iter().filter(|(_, value)| value.len() <= MAX_FIELD) {
            if name.eq_ignore_ascii_case("sec-ch-ua")
                || name.eq_ignore_ascii_case("sec-ch-ua-full-version-list")
            {
                hints.brands = strings(value);
            } else if name.eq_ignore_ascii_case("sec-ch-ua-mobile") {
                hints.mobile = match value.trim() {
                    "?1" => Some(true),
                    "?0" => Some(false),
                    _ => None,
                };
            } else if name.eq_ignore_ascii_case("sec-ch-ua-platform") {
                hints.platform = strings(value).into_iter().next();
            } else if name.eq_ignore_ascii_case("sec-ch-ua-model") {
                hints.model = strings(value).into_iter().next();
            } else if name.eq_ignore_ascii_case("sec-ch-ua-form-factors") {
                hints.form_factors = strings(value);
            }
        }
        hints
    }

    /// The device that the hints describe; `None` when they say nothing about it.
    pub fn device(&self) -> Option<Device> {
        let class = self.class()?;
        Some(Device {
            class,
            os: self.platform.clone().filter(|name| !name.is_empty()),
            browser: self.browser().map(str::to_owned),
            model: self.model.clone().filter(|name| !name.is_empty()),
            ..Device::default()
        })
    }

    fn class(&self) -> Option<DeviceClass> {
        let form = self.form_factors.iter().find_map(|form| match form.as_str() {
            "Automotive" => Some(DeviceClass::Car),
            "Tablet" | "EInk" => Some(DeviceClass::Tablet),
            "Watch" | "XR" => Some(DeviceClass::Wearable),
            "Mobile" => Some(DeviceClass::Phone),
            "Desktop" => Some(DeviceClass::Desktop),
            _ => None,
        });
        form.or(match (self.mobile, self.platform.as_deref()) {
            (Some(true), _) | (None, Some("iOS")) => Some(DeviceClass::Phone),
            // Android without the mobile mark is a tablet.
            (Some(false) | None, Some("Android")) => Some(DeviceClass::Tablet),
            (Some(false) | None, Some("Windows" | "macOS" | "Linux" | "Chrome OS" | "Chromium OS")) => {
                Some(DeviceClass::Desktop)
            }
            (Some(false), _) => Some(DeviceClass::Desktop),
            (None, _) => None,
        })
    }

    /// The most telling brand: neither the deliberate nonsense one nor the engine, if there is another.
    fn browser(&self) -> Option<&str> {
        let real = || self.brands.iter().filter(|brand| !is_grease(brand));
        real().find(|brand| *brand != "Chromium").or(real().next()).map(String::as_str)
    }
}

/// Browsers add a brand such as `Not_A Brand`, so that nobody relies on the list.
fn is_grease(brand: &str) -> bool {
    brand.contains("Not") && brand.contains("Brand") || brand.contains(";Not") || brand.trim().is_empty()
}

/// The quoted strings at the start of each member of a structured list.
fn strings(field: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut chars = field.chars();
    let mut at_member = true;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                let mut text = String::new();
                let mut closed = false;
                while let Some(c) = chars.next() {
                    match c {
                        '"' => {
                            closed = true;
                            break;
                        }
                        '\\' => text.extend(chars.next()),
                        c => text.push(c),
                    }
                }
                if closed && at_member {
                    found.push(text);
                }
                at_member = false;
            }
            ',' => at_member = true,
            c if c.is_ascii_whitespace() => {}
            _ => at_member = false,
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: &[(&str, &str)], class: DeviceClass) {
        let hints = ClientHints::from_headers(fields.iter().copied());
        assert_eq!(hints.device().map(|device| device.class), Some(class), "{fields:?}");
    }

    #[test]
    fn form_factor_counts_before_the_mobile_mark() {
        let watch = [("sec-ch-ua-form-factors", "\"Watch\""), ("sec-ch-ua-mobile", "?1")];
        check(&watch, DeviceClass::Wearable);
        check(&[("Sec-CH-UA-Platform", "\"Android\""), ("Sec-CH-UA-Mobile", "?0")], DeviceClass::Tablet);
        check(&[("Sec-CH-UA-Platform", "\"macOS\"")], DeviceClass::Desktop);
    }

    #[test]
    fn hints_that_say_nothing_give_no_device() {
        assert_eq!(ClientHints::from_headers([("User-Agent", "Mozilla/5.0")]).device(), None);
        assert_eq!(ClientHints::from_headers([("Sec-CH-UA-Mobile", "yes")]).device(), None);
    }

    #[test]
    fn versions_are_not_taken_for_brands() {
        assert_eq!(strings(r#""A\"B";v="8", "C";v="1""#), ["A\"B", "C"]);
        assert!(strings(r#""open"#).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_header_panics(field in ".{0,200}") {
            for name in ["sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-ch-ua-form-factors"] {
                let _ = ClientHints::from_headers([(name, field.as_str())]).device();
            }
        }
    }
}
