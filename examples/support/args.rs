//! Command-line arguments of the examples: positional paths, `--name value` options, `--json`.

use std::collections::BTreeMap;

/// The arguments of one run.
#[derive(Debug, Default)]
pub struct Args {
    positional: Vec<String>,
    options: BTreeMap<String, String>,
    flags: Vec<String>,
}

/// Why the arguments are not understood.
pub type ArgsError = String;

impl Args {
    /// Reads the arguments of this process: `flags` take no value, `options` take one.
    ///
    /// # Errors
    /// When an option is unknown or lacks its value.
    pub fn from_env(flags: &[&str], options: &[&str]) -> Result<Self, ArgsError> {
        Self::read(std::env::args().skip(1), flags, options)
    }

    fn read(args: impl Iterator<Item = String>, flags: &[&str], options: &[&str]) -> Result<Self, ArgsError> {
        let mut found = Self::default();
        let mut args = args;
        while let Some(arg) = args.next() {
            let Some(name) = arg.strip_prefix("--") else {
                found.positional.push(arg);
                continue;
            };
            if flags.contains(&name) {
                found.flags.push(name.to_owned());
            } else if options.contains(&name) {
                let value = args.next().ok_or_else(|| format!("`--{name}` needs a value"))?;
                found.options.insert(name.to_owned(), value);
            } else {
                let known: Vec<String> =
                    flags.iter().chain(options).map(|name| format!("`--{name}`")).collect();
                return Err(format!(
                    "`--{name}` is not an option of this example; it knows {}",
                    known.join(", ")
                ));
            }
        }
        Ok(found)
    }

    /// The positional argument at `index`, called `name` in the error.
    ///
    /// # Errors
    /// When it is not there.
    pub fn path(&self, index: usize, name: &str) -> Result<&str, ArgsError> {
        self.positional.get(index).map(String::as_str).ok_or_else(|| format!("argument {name} is missing"))
    }

    /// The positional argument at `index`, if it is there.
    pub fn optional(&self, index: usize) -> Option<&str> {
        self.positional.get(index).map(String::as_str)
    }

    /// The value of an option, if it was given.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// The value of an option, parsed, or `default`.
    ///
    /// # Errors
    /// When the value cannot be parsed.
    pub fn parsed<T: std::str::FromStr>(&self, name: &str, default: T) -> Result<T, ArgsError> {
        match self.option(name) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| format!("`{text}` is not a value for `--{name}`")),
        }
    }

    /// Whether a flag was given.
    pub fn flag(&self, name: &str) -> bool {
        self.flags.iter().any(|flag| flag == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Args, ArgsError> {
        Args::read(line.split_whitespace().map(str::to_owned), &["json"], &["threads"])
    }

    #[test]
    fn arguments_are_told_apart() {
        let args = read("a.csv --threads 2 --json").unwrap();
        assert_eq!(args.path(0, "FILE"), Ok("a.csv"));
        assert_eq!(args.parsed("threads", 1), Ok(2));
        assert!(args.flag("json"));
        assert!(read("--fast").is_err());
        assert!(read("--threads").is_err());
    }
}
