//! What the documents promise: every crate has its page, every link leads somewhere, every code sample runs.

use std::collections::BTreeSet;

use apropos_house::{File, Tree};

use crate::{library, none, rooms, tree};

#[test]
fn every_crate_says_what_it_does_not_do() {
    let tree = tree();
    let findings: Vec<String> = rooms()
        .iter()
        .map(|room| format!("crates/{}/README.md", room.name))
        .filter(|path| {
            let text = tree.text(path).to_lowercase();
            !["does not", "knows nothing of"].iter().any(|words| text.contains(words))
        })
        .collect();
    none(&findings, "A crate's page says what the crate does not do, or it has no edge.");
}

#[test]
fn every_crate_has_its_place_in_each_document() {
    let tree = tree();
    let mut findings = Vec::new();
    for room in rooms() {
        let places = [
            ("README.md", format!("(crates/{})", room.name)),
            ("ARCHITECTURE.md", format!("### `{}`", room.name)),
            ("CHANGELOG.md", format!("### {}\n", room.name)),
        ];
        for (path, wanted) in places {
            if !tree.text(path).contains(&wanted) {
                findings.push(format!("{path} lacks `{}`", wanted.trim()));
            }
        }
    }
    none(&findings, "A room that no document shows cannot be found.");
}

#[test]
fn every_section_on_a_crate_says_what_it_knows_nothing_of() {
    let tree = tree();
    let findings: Vec<String> = tree
        .text("ARCHITECTURE.md")
        .split("\n### `")
        .skip(1)
        .filter(|section| !section.contains("**Knows nothing of**"))
        .map(|section| section.lines().next().unwrap_or_default().to_owned())
        .collect();
    none(&findings, "An invariant is best written as an absence: say what the crate knows nothing of.");
}

#[test]
fn every_link_inside_the_project_leads_somewhere() {
    let tree = tree();
    let mut findings = Vec::new();
    for file in tree.ending(".md") {
        for (number, target) in links(file) {
            if !leads_somewhere(&tree, file, target) {
                findings.push(format!("{}:{number}: `{target}`", file.path));
            }
        }
    }
    none(&findings, "These links lead to no file of the project.");
}

#[test]
fn every_page_is_linked_from_the_index_of_the_documents() {
    let tree = tree();
    let index = tree.text("docs/README.md");
    let findings: Vec<String> = tree
        .ending(".md")
        .filter_map(|file| file.path.strip_prefix("docs/"))
        .filter(|page| *page != "README.md" && !index.contains(&format!("({page})")))
        .map(str::to_owned)
        .collect();
    none(&findings, "docs/README.md lists every page, or nobody finds it.");
}

#[test]
fn the_code_of_the_readme_and_the_guide_is_tested() {
    let tree = tree();
    let facade = tree.text("crates/apropos/src/lib.rs");
    let findings: Vec<String> = tree
        .ending(".md")
        .map(|file| file.path.as_str())
        .filter(|path| *path == "README.md" || path.starts_with("docs/guide/"))
        .filter(|path| !facade.contains(&format!("include_str!(\"../../../{path}\")")))
        .map(str::to_owned)
        .collect();
    none(
        &findings,
        "Include these pages under `cfg(doctest)` in crates/apropos/src/lib.rs: their code must compile.",
    );
}

#[test]
fn every_code_of_a_problem_is_on_the_page_of_problems() {
    let tree = tree();
    let page = tree.text("docs/problems.md");
    let areas: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let listed: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .map(str::to_owned)
        .collect();
    let raised: BTreeSet<String> = rooms()
        .iter()
        .flat_map(|room| library(&tree, &room.name))
        .flat_map(|(_, source)| source.tokens())
        .filter_map(|token| Some(token.text.strip_prefix('"')?.strip_suffix('"')?.to_owned()))
        .filter(|text| is_code(text, &areas))
        .collect();
    let missing = raised.difference(&listed).map(|code| format!("`{code}` is raised and not on the page"));
    let stale = listed.difference(&raised).map(|code| format!("`{code}` is on the page and never raised"));
    none(
        &missing.chain(stale).collect::<Vec<_>>(),
        "Say in docs/problems.md what the code means and what to do.",
    );
}

/// Codes that stand for what should never be seen: an analysis that gave up, and a playbook that JSON cannot hold.
const NEVER_MET: [&str; 2] = ["condition/not-analysed", "playbook/unwritable"];

#[test]
fn every_code_of_a_problem_is_met_in_a_test() {
    let tree = tree();
    // A test says a code in its own text, or in a file that it reads; so does an example of the documentation.
    let told: Vec<&str> = tree
        .all()
        .filter(|file| file.path.starts_with("crates/"))
        .map(|file| {
            let tests = file.path.contains("/tests/") || file.path.ends_with("tests.rs");
            let from = if tests { Some(0) } else { file.text.find("#[cfg(test)]\nmod tests {") };
            from.and_then(|from| file.text.get(from..)).unwrap_or_default()
        })
        .collect();
    let documented = tree.ending(".rs").flat_map(|file| file.text.lines());
    let documented = documented.filter(|line| line.trim_start().starts_with("///"));
    let told = told.into_iter().chain(documented).collect::<Vec<_>>().join("\n");
    let page = tree.text("docs/problems.md");
    let codes = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let findings: Vec<String> = codes
        .filter(|code| !NEVER_MET.contains(code))
        .filter(|code| !says(&told, code))
        .map(|code| format!("nothing tries to meet `{code}`"))
        .collect();
    none(
        &findings,
        "Add a line to crates/apropos/tests/it/slips, or a test: a problem that nobody ever met may never be told.",
    );
}

/// Whether `code` stands in `text` and does not go on.
fn says(text: &str, code: &str) -> bool {
    text.match_indices(code).any(|(at, _)| {
        let next = text.get(at + code.len()..).and_then(|rest| rest.chars().next());
        next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '-')
    })
}

/// Whether `text` is a code: one of the areas, a slash, and what is wrong, in small letters.
fn is_code(text: &str, areas: &[&str]) -> bool {
    text.split_once('/').is_some_and(|(area, what)| {
        areas.contains(&area)
            && !what.is_empty()
            && what.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    })
}

/// The targets of the links in `file`, outside fenced code, with their lines.
fn links(file: &File) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if !fenced {
            let targets = line.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
            found.extend(targets.map(|(target, _)| (number, target)));
        }
    }
    found
}

fn leads_somewhere(tree: &Tree, file: &File, target: &str) -> bool {
    let target = target.split('#').next().unwrap_or_default();
    if target.is_empty() || target.contains("://") {
        return true;
    }
    let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    tree.has(format!("{folder}/{target}").trim_start_matches('/'))
}
