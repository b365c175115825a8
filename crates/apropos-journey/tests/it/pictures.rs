//! Pictures: everything is on them, nothing breaks out of them.

use apropos_event::JourneyId;
use apropos_journey::JourneyCounts;

use crate::support::World;

const BOOK: &str = r#"
    [[journeys]]
    id = "j"
    start = "look"
    human = { queue = "desk \"<b>\"" }
    entry.on = [{ event = "in" }]
    exits = [{ outcome = "gone", on = [{ event = "bye" }] }]
    goals = [{ id = "won" }]
    [journeys.nodes.look]
    kind = "offer"
    actions = ["tip"]
    on = [{ event = "read", to = "fork" }]
    within = "2d"
    on_timeout = "exit"
    [journeys.nodes.fork]
    kind = "split"
    branches = [{ when = "num.x < 3 && flag.a", to = "end" }]
    otherwise = "look"
    [journeys.nodes.end]
    kind = "goal"
    goal = "won"
"#;

fn id() -> JourneyId {
    JourneyId::new("j").unwrap()
}

#[test]
fn mermaid_and_dot_name_every_node_and_arrow() {
    let world = World::new(BOOK);
    let picture = world.rules.picture(&id(), 1).unwrap();
    assert_eq!(picture.nodes[0].name, "look");
    for text in [picture.to_mermaid(), picture.to_dot()] {
        for name in ["look", "fork", "end", "human", "read", "otherwise", "after 2d", "timed_out"] {
            assert!(text.contains(name), "{name} is not in\n{text}");
        }
        assert!(!text.contains("\"desk \"<b>"), "{text}");
    }
}

#[test]
fn counts_times_and_losses_stand_on_the_arrows() {
    let mut world = World::new(BOOK);
    let mut counts = JourneyCounts::new();
    for events in [["in", "read", "bye"], ["in", "bye", "read"]] {
        for (hours, kind) in events.iter().enumerate() {
            let advance = world.at(world.state.clock().map_or(0, |_| 1) + hours as i64).event(kind);
            counts.record(&world.rules, &advance);
        }
    }
    let picture = world.rules.picture_with(&id(), 1, &counts).unwrap();
    let lost = picture.arrows.iter().find(|arrow| arrow.loses).unwrap();
    assert_eq!((lost.count, picture.nodes[lost.to].name.as_str()), (Some(2), "gone"));
    assert!(lost.text().starts_with("2 ("), "{}", lost.text());
    assert!(picture.to_dot().contains("#d1242f"));
}

#[test]
fn the_path_of_an_instance_is_highlighted() {
    let mut world = World::new(BOOK);
    let _ = world.event("in");
    let _ = world.event("read");
    let picture = world.rules.picture_of(&world.state.instances()[0], None).unwrap();
    let names: Vec<&str> =
        picture.nodes.iter().filter(|node| node.highlighted).map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["look", "fork"]);
    assert_eq!(picture.arrows.iter().filter(|arrow| arrow.highlighted).count(), 2);
    assert!(picture.to_mermaid().contains("linkStyle"));
}

#[test]
fn an_abridged_picture_leaves_out_what_is_hardly_taken() {
    let mut world = World::inside(BOOK);
    let mut counts = JourneyCounts::new();
    for _ in 0..9 {
        let advance = world.event("read");
        counts.record(&world.rules, &advance);
    }
    let advance = world.event("bye");
    counts.record(&world.rules, &advance);
    let picture = world.rules.picture_with(&id(), 1, &counts).unwrap();
    let names = |picture: &apropos_journey::Picture| {
        picture.nodes.iter().map(|node| node.name.clone()).collect::<Vec<_>>()
    };
    let abridged = picture.abridged(0.2);
    // The way out is rare, and yet the only one that leads there.
    assert_eq!(names(&abridged), ["look", "fork", "gone"]);
    assert_eq!(abridged.arrows.len(), 3);
    assert_eq!(world.rules.picture(&id(), 1).unwrap().abridged(0.2), world.rules.picture(&id(), 1).unwrap());
}

#[cfg(feature = "svg")]
/// The numbers of an element's attributes.
fn numbers(element: &str, names: [&str; 4]) -> [f64; 4] {
    names.map(|name| {
        let (_, rest) = element.split_once(&format!(" {name}=\"")).unwrap();
        rest.split('"').next().unwrap().parse().unwrap()
    })
}

#[cfg(feature = "svg")]
#[test]
fn svg_is_well_formed_and_no_nodes_overlap() {
    let world = World::new(BOOK);
    let picture = world.rules.picture(&id(), 1).unwrap();
    let svg = picture.to_svg();
    assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    assert!(svg.contains("desk &quot;&lt;b&gt;&quot;"));
    assert_eq!(svg.matches("<g").count(), svg.matches("</g>").count());
    let boxes: Vec<[f64; 4]> = svg
        .lines()
        .filter(|line| line.starts_with("<rect class=\"box"))
        .map(|line| numbers(line, ["x", "y", "width", "height"]))
        .collect();
    let forks = picture.nodes.iter().filter(|node| node.shape == apropos_journey::Shape::Fork).count();
    assert_eq!(boxes.len() + forks, picture.nodes.len());
    for (at, a) in boxes.iter().enumerate() {
        for b in &boxes[..at] {
            let apart = |axis: usize| a[axis] + a[axis + 2] <= b[axis] || b[axis] + b[axis + 2] <= a[axis];
            assert!(apart(0) || apart(1), "{a:?} and {b:?} overlap");
        }
    }
}
