//! The CSV logs of the Open Bandit Dataset: one row a shown item, with its position, click and true probability.
//!
//! Columns are found by name: `item_id`, `position` (1, 2, 3), `click`, `propensity_score`; `timestamp`, any
//! `user_feature_*` (codes), and either one column `user_item_affinity` (`item:value|…`) or one an item
//! (`user-item_affinity_7`) are read when they are there. Not here: the item table, which no estimate needs.

use super::LogError;

/// The columns of a file, by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    item: usize,
    position: usize,
    click: usize,
    propensity: usize,
    timestamp: Option<usize>,
    affinity: Option<usize>,
    affinities: Vec<(usize, u32)>,
    user_features: Vec<usize>,
}

/// One row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// When, as it is written in the file.
    pub timestamp: String,
    /// The item that was shown, from 0.
    pub item: usize,
    /// Where it was shown, from 0.
    pub position: usize,
    /// 1 for a click, else 0.
    pub click: f64,
    /// The probability of this item at this position under the logging policy.
    pub propensity: f64,
    /// The user's codes, in the order of the columns.
    pub user_features: Vec<String>,
    /// Items with an affinity other than 0.
    pub affinity: Vec<(u32, f64)>,
}

impl Columns {
    /// Finds the columns in the first line of a file.
    ///
    /// # Errors
    /// When one that must be there is not.
    pub fn find(header: &str) -> Result<Self, LogError> {
        let names: Vec<String> = split(header);
        let place = |name: &str| names.iter().position(|column| column == name);
        let needed = |name: &str| place(name).ok_or_else(|| LogError::Missing(name.to_owned()));
        let affinities = names
            .iter()
            .enumerate()
            .filter_map(|(at, name)| Some((at, name.strip_prefix("user-item_affinity_")?.parse().ok()?)));
        Ok(Self {
            item: needed("item_id")?,
            position: needed("position")?,
            click: needed("click")?,
            propensity: needed("propensity_score")?,
            timestamp: place("timestamp"),
            affinity: place("user_item_affinity"),
            affinities: affinities.collect(),
            user_features: (0..names.len()).filter(|at| names[*at].starts_with("user_feature_")).collect(),
        })
    }

    /// Reads one row.
    ///
    /// # Errors
    /// When a field is missing or holds what it cannot.
    pub fn read(&self, line: &str) -> Result<Shown, LogError> {
        super::record::check_length(line)?;
        let fields = split(line);
        let text = |at: usize, name: &str| {
            fields.get(at).map(String::as_str).ok_or_else(|| LogError::Missing(name.to_owned()))
        };
        let number = |at: usize, name: &'static str| -> Result<f64, LogError> {
            let text = text(at, name)?;
            text.parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())
                .ok_or_else(|| LogError::field(name, text, "a finite number"))
        };
        let index = |at: usize, name: &'static str, from: usize| -> Result<usize, LogError> {
            let text = text(at, name)?;
            let parsed = text.parse::<usize>().ok().and_then(|value| value.checked_sub(from));
            parsed.ok_or_else(|| LogError::field(name, text, "a whole number of the right size"))
        };
        let propensity = number(self.propensity, "propensity_score")?;
        if !(0.0 < propensity && propensity <= 1.0) {
            return Err(LogError::field("propensity_score", propensity.to_string(), "in (0, 1]"));
        }
        Ok(Shown {
            timestamp: self.timestamp.map_or(Ok(""), |at| text(at, "timestamp"))?.to_owned(),
            item: index(self.item, "item_id", 0)?,
            position: index(self.position, "position", 1)?,
            click: number(self.click, "click")?,
            propensity,
            user_features: self
                .user_features
                .iter()
                .map(|at| fields.get(*at).cloned().unwrap_or_default())
                .collect(),
            affinity: self.affinity(&fields)?,
        })
    }

    fn affinity(&self, fields: &[String]) -> Result<Vec<(u32, f64)>, LogError> {
        let bad = |text: &str| LogError::field("user_item_affinity", text, "`item:value|…`");
        if let Some(text) = self.affinity.and_then(|at| fields.get(at)) {
            return text
                .split('|')
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    let (item, value) = pair.split_once(':').ok_or_else(|| bad(pair))?;
                    Ok((item.parse().map_err(|_| bad(pair))?, value.parse().map_err(|_| bad(pair))?))
                })
                .collect();
        }
        let mut found = Vec::new();
        for (at, item) in &self.affinities {
            let text = fields.get(*at).map_or("", String::as_str);
            let value: f64 = text.parse().map_err(|_| bad(text))?;
            if value != 0.0 {
                found.push((*item, value));
            }
        }
        Ok(found)
    }
}

/// The fields of a line, with quotes undone.
fn split(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.trim_end_matches(['\r', '\n']).chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            _ => field.push(c),
        }
    }
    fields.push(field);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_of_the_file_are_read() {
        let short = Columns::find(
            "timestamp,item_id,position,click,propensity_score,user_feature_0,user_item_affinity",
        );
        let row = short.unwrap().read("2019-11-24,14,3,1,0.03,7,2:1|5:0.5").unwrap();
        assert_eq!((row.item, row.position, row.click), (14, 2, 1.0));
        assert_eq!(row.affinity, vec![(2, 1.0), (5, 0.5)]);
        let long = Columns::find(
            ",item_id,position,click,propensity_score,user-item_affinity_0,user-item_affinity_1",
        );
        let row = long.unwrap().read("0,1,1,0,0.5,0.0,2.0").unwrap();
        assert_eq!(row.affinity, vec![(1, 2.0)]);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(Columns::find("item_id,click").is_err());
        let columns = Columns::find("item_id,position,click,propensity_score").unwrap();
        assert!(columns.read("1,0,0,0.5").is_err());
        assert!(columns.read("1,1,0,0").is_err());
        assert!(columns.read("1,1").is_err());
        assert!(columns.read("\"1\",1,0,0.5").is_ok());
    }
}
