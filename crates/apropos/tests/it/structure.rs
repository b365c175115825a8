//! What an author is told about a playbook whose shape is wrong.

use apropos::Engine;
use apropos::load::Source;

use crate::world::{PEPPER, PLAYBOOK};

#[test]
fn mistakes_of_shape_and_of_meaning_stand_at_their_lines() {
    let shape = PLAYBOOK
        .replacen("propensity = 0.9", "propensity = \"high\"", 1)
        .replacen("effort = ", "efort = ", 1)
        .replacen("format = 1", "format = \"one\"", 1);
    let meaning =
        PLAYBOOK.replace("history.count(\"person.requested\"", "history.cuont(\"person.requested\"");
    for (text, words) in [
        (&shape, vec!["\"high\"", "efort", "\"one\""]),
        (&meaning, vec!["history.cuont(\"person.requested\""]),
    ] {
        let problems = Engine::from_toml(text, PEPPER).unwrap_err();
        let drawn = Source::unread(text).render(&problems);
        for word in &words {
            let at = text.find(word).unwrap();
            let here = |start: usize| (at..at + word.len()).contains(&start);
            let told =
                problems.iter().any(|problem| problem.span.as_ref().is_some_and(|span| here(span.start)));
            assert!(told, "{word} in\n{drawn}");
        }
        assert_eq!(problems.len(), words.len(), "{drawn}");
    }
}
