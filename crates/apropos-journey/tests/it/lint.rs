//! Each check by name, with the least definition that it finds something wrong with.

use apropos_event::{ActionId, Problems};

use crate::support::{codes, compile};

/// A journey with these nodes and whatever else.
fn book(more: &str, nodes: &str) -> String {
    format!("[[journeys]]\nid = 'j'\nstart = 'a'\n{more}\n{nodes}\n")
}

const END: &str = "[journeys.nodes.end]\nkind = 'exit'\noutcome = 'x'";
const HUMAN: &str = "human.queue = 'desk'";

#[track_caller]
fn finds(code: &str, text: &str) {
    let found = compile(text).2;
    assert!(found.iter().any(|problem| problem.code == code), "{code} is not among:\n{found}");
    assert!(
        found
            .iter()
            .filter(|problem| problem.code == code)
            .all(|problem| !problem.path.segments().is_empty()),
        "{found}"
    );
}

#[test]
fn a_sound_journey_has_no_problems() {
    let text =
        book(HUMAN, &format!("[journeys.nodes.a]\nkind = 'wait_time'\nfor = '1d'\nnext = 'end'\n{END}"));
    assert_eq!(codes(&text), Vec::<&str>::new());
}

#[test]
fn unreachable_nodes() {
    finds(
        "journey/unreachable-node",
        &book(HUMAN, &format!("[journeys.nodes.a]\nkind = 'exit'\noutcome = 'y'\n{END}")),
    );
}

#[test]
fn no_way_out() {
    let loop_ = "[journeys.nodes.a]\nkind = 'wait_time'\nfor = '1d'\nnext = 'a'";
    finds("journey/no-way-out", &book(HUMAN, loop_));
    let left = book(&format!("{HUMAN}\nwithin = '9d'"), loop_);
    assert!(!codes(&left).contains(&"journey/no-way-out"));
}

#[test]
fn waits_that_cannot_end() {
    // An offer demands `within`; without it nothing ends the wait.
    let offer = "[journeys.nodes.a]\nkind = 'offer'\nactions = ['x']\non_timeout = 'exit'";
    finds("journey/wait-without-timeout", &book(HUMAN, offer));
    let never = "[journeys.nodes.a]\nkind = 'wait_condition'\nwhen = 'num.x > 3 && num.x < 2'\nwithin = '1d'\non_timeout = 'exit'\nnext = 'end'";
    finds("journey/never-true", &book(HUMAN, &format!("{never}\n{END}")));
}

#[test]
fn splits_without_a_default() {
    let split = "[journeys.nodes.a]\nkind = 'split'\nbranches = [{ when = 'flag.a', to = 'end' }]";
    finds("journey/split-without-default", &book(HUMAN, &format!("{split}\n{END}")));
}

#[test]
fn ambiguous_guards() {
    let split = |second: &str| {
        format!(
            "[journeys.nodes.a]\nkind = 'split'\nbranches = [{{ when = 'num.x > 3', to = 'end' }}, {{ when = '{second}', to = 'b' }}]\notherwise = 'end'\n\
             [journeys.nodes.b]\nkind = 'exit'\noutcome = 'y'\n{END}"
        )
    };
    finds("journey/ambiguous-guards", &book(HUMAN, &split("num.x > 2")));
    assert!(!codes(&book(HUMAN, &split("num.x <= 3"))).contains(&"journey/ambiguous-guards"));
    let arrows = "[journeys.nodes.a]\nkind = 'wait_event'\nwithin = '1d'\non_timeout = 'exit'\n\
                  on = [{ event = 'e', when = 'flag.a', to = 'end' }, { event = 'e', to = 'b' }]\n\
                  [journeys.nodes.b]\nkind = 'exit'\noutcome = 'y'";
    finds("journey/ambiguous-guards", &book(HUMAN, &format!("{arrows}\n{END}")));
}

#[test]
fn loops_without_a_wait() {
    let circle = "[journeys.nodes.a]\nkind = 'milestone'\nnext = 'b'\n[journeys.nodes.b]\nkind = 'milestone'\nnext = 'a'";
    finds("journey/loop-without-wait", &book(HUMAN, circle));
    let inner = "[journeys.nodes.a]\nkind = 'sub_journey'\njourney = 'k'\nnext = 'a'\n\
                 [[journeys]]\nid = 'k'\nstart = 'end'";
    finds("journey/loop-without-wait", &book(HUMAN, &format!("{inner}\n{END}")));
}

#[test]
fn journeys_inside_themselves() {
    let inner = "[journeys.nodes.a]\nkind = 'sub_journey'\njourney = 'j'\nnext = 'end'";
    finds("journey/inside-itself", &book(HUMAN, &format!("{inner}\n{END}")));
}

#[test]
fn nobody_to_turn_to() {
    let wait = "[journeys.nodes.a]\nkind = 'wait_time'\nfor = '1d'\nnext = 'end'";
    finds("journey/no-human", &book("", &format!("{wait}\n{END}")));
}

#[test]
fn promises_nobody_can_keep() {
    let promise =
        |more: &str| format!("[[promises]]\nid = 'p'\nwhat = 'x'\non = [{{ event = 'e' }}]\n{more}\n");
    let day = "expectations = [{ source = 'law', within = '1d' }]";
    finds("promise/cannot-be-kept", &promise(day));
    finds(
        "promise/cannot-be-kept",
        &promise("kept_by = [{ event = 'k' }]\nexpectations = [{ source = 'law', within = '0s' }]"),
    );
    finds(
        "promise/cannot-be-kept",
        &promise(&format!("kept_by = [{{ event = 'k' }}]\nvoid_by = [{{ event = 'k' }}]\n{day}")),
    );
    finds("promise/no-deadline", &promise("kept_by = [{ event = 'k' }]\nexpectations = []"));
    finds(
        "promise/never-made",
        &format!("[[promises]]\nid = 'p'\nwhat = 'x'\nkept_by = [{{ event = 'k' }}]\n{day}\n"),
    );
}

#[test]
fn actions_that_the_contact_policy_never_allows() {
    let offer =
        "[journeys.nodes.a]\nkind = 'offer'\nactions = ['sms', 'mail']\nwithin = '1d'\non_timeout = 'exit'";
    let rules = compile(&book(HUMAN, offer)).0;
    let mut problems = Problems::new();
    let never = |action: &ActionId| (action.as_str() == "sms").then(|| "its channel is closed".to_owned());
    rules.check_actions(&never, &mut problems);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems.iter().next().unwrap().code, "journey/action-never-allowed");
    assert_eq!(problems.iter().next().unwrap().path.to_string(), "journeys[0].nodes.a.actions[0]");
}

#[test]
fn fields_out_of_place_and_unknown_names() {
    let exit = "[journeys.nodes.a]\nkind = 'exit'\noutcome = 'x'\nwithin = '1d'";
    finds("journey/misplaced-field", &book(HUMAN, exit));
    finds("journey/unknown-node", &book(HUMAN, "[journeys.nodes.a]\nkind = 'milestone'\nnext = 'ennd'"));
    finds("journey/unknown-goal", &book(HUMAN, "[journeys.nodes.a]\nkind = 'goal'\ngoal = 'g'"));
    finds(
        "journey/unknown-promise",
        &book(HUMAN, &format!("[journeys.nodes.a]\nkind = 'moment'\npromise = 'p'\nnext = 'end'\n{END}")),
    );
    finds(
        "journey/unknown-journey",
        &book(
            HUMAN,
            &format!("[journeys.nodes.a]\nkind = 'sub_journey'\njourney = 'k'\nnext = 'end'\n{END}"),
        ),
    );
    finds(
        "journey/unknown-stage",
        &book(HUMAN, "[journeys.nodes.a]\nkind = 'exit'\noutcome = 'x'\nstage = 's'"),
    );
    finds(
        "journey/bad-name",
        "[[journeys]]\nid = 'J-1'\nstart = 'a'\n[journeys.nodes.a]\nkind = 'exit'\noutcome = 'x'",
    );
    finds(
        "journey/reserved-name",
        &book(
            HUMAN,
            "[journeys.nodes.a]\nkind = 'milestone'\nnext = 'exit'\n[journeys.nodes.exit]\nkind = 'exit'\noutcome = 'x'",
        ),
    );
    finds("journey/exit-without-cause", &book("exits = [{ outcome = 'x' }]", END));
    finds(
        "journey/not-positive",
        &book(HUMAN, &format!("[journeys.nodes.a]\nkind = 'wait_time'\nfor = '0s'\nnext = 'end'\n{END}")),
    );
    finds(
        "journey/duplicate-version",
        "[[journeys]]\nid = 'j'\nstart = 'a'\nnodes.a = { kind = 'exit', outcome = 'x' }\n[[journeys]]\nid = 'j'\nstart = 'a'\nnodes.a = { kind = 'exit', outcome = 'x' }",
    );
    finds(
        "journey/no-share",
        &book(
            HUMAN,
            &format!(
                "[journeys.nodes.a]\nkind = 'split_hash'\nsalt = 's'\narms = [{{ share = 0, to = 'end' }}]\n{END}"
            ),
        ),
    );
    finds("journey/human-is-no-hand-off", &book("human.node = 'end'", END));
}

#[test]
fn all_problems_are_reported_at_once() {
    let text = book(
        "",
        "[journeys.nodes.a]\nkind = 'milestone'\nnext = 'x'\n[journeys.nodes.b]\nkind = 'goal'\ngoal = 'g'\n[journeys.nodes.c]\nkind = 'split'\nbranches = [{ when = 'flag.q', to = 'a' }]",
    );
    let found = codes(&text);
    for code in [
        "journey/unknown-node",
        "journey/unknown-goal",
        "journey/split-without-default",
        "condition/unknown-attribute",
    ] {
        assert!(found.contains(&code), "{found:?}");
    }
}
