//! Where things stand in a drawn picture: layers as in Sugiyama, Tagawa and Toda (1981), made small.
//!
//! Arrows that lead back are found by depth-first search, the most used arrows first, and turned for layering. Layers
//! are longest paths; between two layers of nodes lies one of labels, so that every label has room of its own, and
//! an arrow that passes a layer holds a place in it, so that it crosses no node. The order within a layer is the
//! mean of the neighbours, swept up and down, the best of all sweeps kept; places are the least squares that keep
//! order and distance.
//!
//! Not here: colours and shapes.

use super::draw::Picture;

/// How large the things are that need room.
pub(super) struct Sizes {
    /// The width of every node.
    pub(super) nodes: Vec<f64>,
    /// What every node needs to its right beyond its box, for arrows to itself.
    pub(super) beside: Vec<f64>,
    /// The width of every arrow's label.
    pub(super) labels: Vec<f64>,
}

/// Where everything stands.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The middle of every node.
    pub(super) nodes: Vec<(f64, f64)>,
    /// The way of every arrow; `None` for an arrow from a node to itself.
    pub(super) routes: Vec<Option<Route>>,
}

/// The way of one arrow: points between which it runs straight down or in a bend, and the middle of its label.
pub(super) struct Route {
    pub(super) points: Vec<(f64, f64)>,
    pub(super) label: (f64, f64),
}

pub(super) const NODE_HEIGHT: f64 = 46.0;
pub(super) const LABEL_HEIGHT: f64 = 30.0;
/// Between the layers of nodes.
const BAND: f64 = 108.0;
/// Between neighbours in a layer.
const GAP: f64 = 22.0;
const MARGIN: f64 = 36.0;
/// Above the first layer, for the title.
const TOP: f64 = 72.0;
const SWEEPS: usize = 24;
const ROUNDS: usize = 40;
/// How far the ends of arrows at one node stand apart, at the most.
const PORT: f64 = 26.0;

/// Something that holds a place in a layer: a node, or an arrow on its way past.
struct Vertex {
    rank: usize,
    left: f64,
    right: f64,
    is_node: bool,
    up: Vec<usize>,
    down: Vec<usize>,
}

/// An arrow between layers: always downwards, turned if it leads back.
struct Link {
    arrow: usize,
    upper: usize,
    lower: usize,
    turned: bool,
    /// The places that it holds, from the upper end to the lower.
    chain: Vec<usize>,
    /// Which of them carries its label.
    label: usize,
}

/// Finds a place for everything. O(sweeps × links²) for the order, links counted between neighbouring layers.
pub(super) fn lay_out(picture: &Picture, sizes: &Sizes) -> Layout {
    let mut links = forward(picture);
    let ranks = ranks(picture.nodes.len(), &links);
    let mut vertices: Vec<Vertex> = (0..picture.nodes.len())
        .map(|node| {
            let half = sizes.nodes[node] / 2.0;
            Vertex {
                rank: ranks[node],
                left: half,
                right: half + sizes.beside[node],
                is_node: true,
                up: Vec::new(),
                down: Vec::new(),
            }
        })
        .collect();
    for link in &mut links {
        string(link, &mut vertices, sizes.labels[link.arrow] / 2.0);
    }
    let mut layers = vec![Vec::new(); vertices.iter().map(|vertex| vertex.rank + 1).max().unwrap_or(0)];
    for (at, vertex) in vertices.iter().enumerate() {
        layers[vertex.rank].push(at);
    }
    order(&mut layers, &vertices);
    let mut across = spread(&layers, &vertices);
    let far_left = (0..vertices.len()).map(|at| across[at] - vertices[at].left).fold(f64::INFINITY, f64::min);
    for x in &mut across {
        *x += MARGIN - far_left;
    }
    let right = (0..vertices.len()).map(|at| across[at] + vertices[at].right).fold(0.0, f64::max);
    let routes = routes(picture, &links, &vertices, &across, &sizes.nodes);
    Layout {
        width: right + MARGIN,
        height: TOP + layers.len().div_ceil(2) as f64 * (NODE_HEIGHT + BAND) - BAND + MARGIN,
        nodes: (0..picture.nodes.len()).map(|at| (across[at], depth(ranks[at]))).collect(),
        routes,
    }
}

/// The middle of a layer: nodes stand in the even ones, labels in the odd ones.
fn depth(rank: usize) -> f64 {
    TOP + NODE_HEIGHT / 2.0 + rank as f64 * (NODE_HEIGHT + BAND) / 2.0
}

/// How far the search has come with a node.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Not,
    OnTheWay,
    Done,
}

/// The arrows, those that lead back turned round, those from a node to itself left out.
fn forward(picture: &Picture) -> Vec<Link> {
    let n = picture.nodes.len();
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); n];
    for (at, arrow) in picture.arrows.iter().enumerate().filter(|(_, arrow)| arrow.from != arrow.to) {
        next[arrow.from].push(at);
    }
    for arrows in &mut next {
        // The sort is stable: of equals the first stays first.
        arrows.sort_by_key(|at| std::cmp::Reverse(picture.arrows[*at].count));
    }
    let mut seen = vec![Seen::Not; n];
    let mut links = Vec::with_capacity(picture.arrows.len());
    for root in 0..n {
        if seen[root] != Seen::Not {
            continue;
        }
        seen[root] = Seen::OnTheWay;
        let mut stack = vec![(root, 0)];
        while let Some((node, at)) = stack.pop() {
            let Some(arrow) = next[node].get(at).copied() else {
                seen[node] = Seen::Done;
                continue;
            };
            stack.push((node, at + 1));
            let to = picture.arrows[arrow].to;
            let turned = seen[to] == Seen::OnTheWay;
            let (upper, lower) = if turned { (to, node) } else { (node, to) };
            links.push(Link { arrow, upper, lower, turned, chain: Vec::new(), label: 0 });
            if seen[to] == Seen::Not {
                seen[to] = Seen::OnTheWay;
                stack.push((to, 0));
            }
        }
    }
    links
}

/// The layer of every node: twice the longest path to it, since labels stand in between.
fn ranks(n: usize, links: &[Link]) -> Vec<usize> {
    let mut ranks = vec![0_usize; n];
    // Without circles n rounds are enough.
    for _ in 0..n {
        let mut changed = false;
        for link in links {
            if ranks[link.lower] < ranks[link.upper] + 2 {
                ranks[link.lower] = ranks[link.upper] + 2;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    ranks
}

/// Gives a link its places in the layers that it passes; the one next to its beginning carries the label.
fn string(link: &mut Link, vertices: &mut Vec<Vertex>, half_label: f64) {
    let (first, last) = (vertices[link.upper].rank + 1, vertices[link.lower].rank);
    let label_rank = if link.turned { last - 1 } else { first };
    let mut above = link.upper;
    for rank in first..last {
        let half = if rank == label_rank { half_label.max(4.0) } else { 4.0 };
        let vertex =
            Vertex { rank, left: half, right: half, is_node: false, up: vec![above], down: Vec::new() };
        let at = vertices.len();
        vertices.push(vertex);
        vertices[above].down.push(at);
        if rank == label_rank {
            link.label = at;
        }
        link.chain.push(at);
        above = at;
    }
    vertices[above].down.push(link.lower);
    vertices[link.lower].up.push(above);
}

/// Orders every layer by the mean place of the neighbours in the layer before (or after); keeps the best order found.
fn order(layers: &mut Vec<Vec<usize>>, vertices: &[Vertex]) {
    let mut place = vec![0.0_f64; vertices.len()];
    let write = |layer: &[usize], place: &mut [f64]| {
        for (at, vertex) in layer.iter().enumerate() {
            place[*vertex] = at as f64 - (layer.len() as f64 - 1.0) / 2.0;
        }
    };
    for layer in layers.iter() {
        write(layer, &mut place);
    }
    let mut best = (crossings(layers, vertices, &place), layers.clone());
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        for step in 0..layers.len() {
            let at = if down { step } else { layers.len() - 1 - step };
            let mean = |vertex: usize| {
                let near = if down { &vertices[vertex].up } else { &vertices[vertex].down };
                let sum: f64 = near.iter().map(|other| place[*other]).sum();
                if near.is_empty() { place[vertex] } else { sum / near.len() as f64 }
            };
            let mut keyed: Vec<(f64, usize)> =
                layers[at].iter().map(|vertex| (mean(*vertex), *vertex)).collect();
            keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
            layers[at] = keyed.into_iter().map(|(_, vertex)| vertex).collect();
            write(&layers[at], &mut place);
        }
        let crossings = crossings(layers, vertices, &place);
        if crossings < best.0 {
            best = (crossings, layers.clone());
        }
    }
    *layers = best.1;
}

/// How many pairs of links cross.
fn crossings(layers: &[Vec<usize>], vertices: &[Vertex], place: &[f64]) -> usize {
    let mut all = 0;
    for layer in layers {
        let ends = |vertex: &usize| {
            let from = place[*vertex];
            vertices[*vertex].down.iter().map(move |to| (from, place[*to]))
        };
        let links: Vec<(f64, f64)> = layer.iter().flat_map(ends).collect();
        for (at, one) in links.iter().enumerate() {
            all += links[..at].iter().filter(|two| (one.0 - two.0) * (one.1 - two.1) < 0.0).count();
        }
    }
    all
}

/// Where every vertex stands across: as near to its neighbours as order and distance allow.
fn spread(layers: &[Vec<usize>], vertices: &[Vertex]) -> Vec<f64> {
    let mut across = vec![0.0; vertices.len()];
    for layer in layers {
        let offsets = offsets(layer, vertices);
        let middle = offsets.last().map_or(0.0, |last| last / 2.0);
        layer.iter().zip(&offsets).for_each(|(vertex, offset)| across[*vertex] = offset - middle);
    }
    for round in 0..ROUNDS {
        let near = |vertex: usize| {
            let Vertex { up, down, .. } = &vertices[vertex];
            match round {
                // First one way, then the other, then all at once.
                0..12 if round % 2 == 0 => (up.as_slice(), [].as_slice()),
                0..12 => ([].as_slice(), down.as_slice()),
                _ => (up.as_slice(), down.as_slice()),
            }
        };
        for step in 0..layers.len() {
            let at = if round % 2 == 0 { step } else { layers.len() - 1 - step };
            let layer = &layers[at];
            let wish = |vertex: &usize| {
                let (up, down) = near(*vertex);
                let (mut sum, mut weight) = (0.0, 0.0);
                for other in up.iter().chain(down) {
                    // Arrows that pass several layers want to run straight.
                    let w = if vertices[*other].is_node || vertices[*vertex].is_node { 1.0 } else { 6.0 };
                    sum += w * across[*other];
                    weight += w;
                }
                if weight == 0.0 { (across[*vertex], 0.1) } else { (sum / weight, weight) }
            };
            let wishes: Vec<(f64, f64)> = layer.iter().map(wish).collect();
            let places = apart(&wishes, &offsets(layer, vertices));
            layer.iter().zip(places).for_each(|(vertex, x)| across[*vertex] = x);
        }
    }
    across
}

/// How far every vertex of a layer stands from the first when all stand as close as they may.
fn offsets(layer: &[usize], vertices: &[Vertex]) -> Vec<f64> {
    let mut offset = 0.0;
    let mut before: Option<&Vertex> = None;
    let next = |vertex: &usize| {
        let vertex = &vertices[*vertex];
        if let Some(before) = before {
            offset += before.right + GAP + vertex.left;
        }
        before = Some(vertex);
        offset
    };
    layer.iter().map(next).collect()
}

/// The places nearest to the wishes (least weighted squares) that keep the order and at least the given offsets: less
/// its offset every place must not be smaller than the one before, which is isotonic regression, solved by pooling
/// adjacent violators.
fn apart(wishes: &[(f64, f64)], offsets: &[f64]) -> Vec<f64> {
    struct Pool {
        mean: f64,
        weight: f64,
        count: usize,
    }
    let mut pools: Vec<Pool> = Vec::with_capacity(wishes.len());
    for ((wish, weight), offset) in wishes.iter().zip(offsets) {
        let mut pool = Pool { mean: wish - offset, weight: *weight, count: 1 };
        while let Some(before) = pools.pop_if(|before| pool.mean < before.mean) {
            let weight = before.weight + pool.weight;
            let mean = (before.mean * before.weight + pool.mean * pool.weight) / weight;
            pool = Pool { mean, weight, count: before.count + pool.count };
        }
        pools.push(pool);
    }
    let means = pools.iter().flat_map(|pool| std::iter::repeat_n(pool.mean, pool.count));
    means.zip(offsets).map(|(mean, offset)| mean + offset).collect()
}

fn routes(
    picture: &Picture,
    links: &[Link],
    vertices: &[Vertex],
    across: &[f64],
    widths: &[f64],
) -> Vec<Option<Route>> {
    let mut routes: Vec<Option<Route>> = picture.arrows.iter().map(|_| None).collect();
    for link in links {
        let near = |node: usize, next: Option<&usize>| next.map_or(across[node], |vertex| across[*vertex]);
        let (first, last) = (near(link.lower, link.chain.first()), near(link.upper, link.chain.last()));
        // Ends of arrows at one side of a node stand beside one another, in the order of where they come from.
        let from = port(link.upper, first, &vertices[link.upper].down, across, widths);
        let to = port(link.lower, last, &vertices[link.lower].up, across, widths);
        let mut points = vec![(from, depth(vertices[link.upper].rank) + NODE_HEIGHT / 2.0)];
        for at in &link.chain {
            let (x, y) = (across[*at], depth(vertices[*at].rank));
            let half = if vertices[*at].rank.is_multiple_of(2) {
                NODE_HEIGHT / 2.0 + 6.0
            } else {
                LABEL_HEIGHT / 2.0
            };
            points.extend([(x, y - half), (x, y + half)]);
        }
        points.push((to, depth(vertices[link.lower].rank) - NODE_HEIGHT / 2.0));
        if link.turned {
            points.reverse();
        }
        let label = (across[link.label], depth(vertices[link.label].rank));
        routes[link.arrow] = Some(Route { points, label });
    }
    routes
}

/// Where at a node's edge an arrow ends that leads to `x`, among all that end there.
fn port(node: usize, x: f64, all: &[usize], across: &[f64], widths: &[f64]) -> f64 {
    let before = all.iter().filter(|other| across[**other] < x).count() as f64;
    let step = PORT.min((widths[node] - 28.0) / all.len().max(1) as f64);
    across[node] + (before - (all.len() as f64 - 1.0) / 2.0) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_distance_and_are_the_nearest_ones() {
        // Three wish to stand at the same place, one is free.
        let places = apart(&[(0.0, 1.0), (0.0, 1.0), (0.0, 1.0), (100.0, 1.0)], &[0.0, 10.0, 20.0, 30.0]);
        assert_eq!(places, [-10.0, 0.0, 10.0, 100.0]);
        // A heavy wish moves the others.
        let places = apart(&[(0.0, 1.0), (0.0, 3.0)], &[0.0, 8.0]);
        assert_eq!(places, [-6.0, 2.0]);
    }
}
