//! Who decides a thousand conditions fastest? The same conditions and the same customers for our index and for `cel`,
//! `zen-expression`, `zen-engine` and `cedar-policy`, each driven as its documents say, in one run.
//!
//! `apropos-peers [ACTIONS] [LEAVES] [ROUNDS]`. Every engine must find the expected number of eligible actions for every
//! customer before it is timed. Timed: handing over one customer's facts and deciding all actions. Rounds are
//! interleaved; the median of the rounds is quoted.

use std::error::Error;
use std::hint::black_box;
use std::str::FromStr;
use std::time::Instant;

use apropos_benches::eligibility::{Ask, Given, Workload};
use apropos_condition::{
    AttributeDefinition, AttributeId, AttributeType, Condition, Facts, IndexBuilder, OnUnknown,
    SchemaBuilder, Scratch,
};
use apropos_event::{Path, Problems};
use serde_json::{Value, json};

type Failure = Box<dyn Error>;

/// An engine with the conditions loaded: how many actions is this customer eligible for?
struct Engine<'w> {
    name: &'static str,
    decide: Box<dyn FnMut(usize) -> usize + 'w>,
}

fn main() -> Result<(), Failure> {
    let numbers: Vec<usize> = std::env::args().skip(1).map(|text| text.parse()).collect::<Result<_, _>>()?;
    let at = |index: usize, default| numbers.get(index).copied().unwrap_or(default);
    let (actions, leaves, rounds) = (at(0, 1_000), at(1, 200), at(2, 7));
    let workload = Workload::new(actions, leaves);
    let mut engines = vec![
        ours(&workload)?,
        cel(&workload)?,
        zen_expression(&workload)?,
        zen_table(&workload)?,
        cedar(&workload)?,
    ];
    let customers = workload.customers.len();
    for engine in &mut engines {
        for customer in 0..customers {
            let (found, expected) = ((engine.decide)(customer), workload.eligible(customer));
            if found != expected {
                return Err(format!("{} finds {found} eligible actions, not {expected}", engine.name).into());
            }
        }
    }
    let mut times = vec![Vec::new(); engines.len()];
    for _ in 0..rounds {
        for (engine, times) in engines.iter_mut().zip(&mut times) {
            times.push(per_decision(engine, customers));
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    println!("{actions} actions, {leaves} distinct leaves, {rounds} rounds");
    let mine = medians[0];
    for (engine, median) in engines.iter().zip(&medians) {
        println!("{:<32} {:>12.3} us   {:>9.1} x ours", engine.name, median * 1e6, median / mine);
    }
    let best = medians[2..].iter().copied().fold(f64::INFINITY, f64::min);
    println!("cel / ours = {:.0}; best of the others / ours = {:.0}", medians[1] / mine, best / mine);
    let named: serde_json::Map<String, Value> = engines
        .iter()
        .zip(&medians)
        .map(|(engine, median)| (engine.name.to_owned(), json!(median * 1e6)))
        .collect();
    println!(
        "{}",
        json!({"microseconds": named, "cel_ratio": medians[1] / mine, "best_other_ratio": best / mine})
    );
    Ok(())
}

/// Seconds for one decision: as many as fit a tenth of a second, at least one for every fourth customer.
fn per_decision(engine: &mut Engine<'_>, customers: usize) -> f64 {
    let start = Instant::now();
    let mut done = 0_usize;
    while done < customers / 4 || start.elapsed().as_secs_f64() < 0.1 {
        // The clock costs as much as a small decision: read it seldom.
        for _ in 0..customers / 4 {
            black_box((engine.decide)(done % customers));
            done += 1;
        }
    }
    start.elapsed().as_secs_f64() / done as f64
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

fn ours(workload: &Workload) -> Result<Engine<'_>, Failure> {
    let mut names = SchemaBuilder::new();
    let mut problems = Problems::new();
    let mut ids: Vec<AttributeId> = Vec::new();
    for (name, given) in workload.attributes.iter().zip(&workload.customers[0]) {
        let kind = match given {
            Given::Bool(_) => AttributeType::Bool,
            Given::Int(_) => AttributeType::Int,
            Given::Text(_) => AttributeType::Text,
        };
        ids.extend(names.declare(
            &Path::root(),
            AttributeDefinition::new(name.parse()?, kind),
            &mut problems,
        ));
    }
    let mut conditions = Vec::new();
    for action in 0..workload.actions.len() {
        conditions.push(Condition::parse(&workload.cel(action), &mut names)?.0);
    }
    let schema = names.build();
    let mut builder = IndexBuilder::new(&schema);
    for (subject, condition) in conditions.iter().enumerate() {
        builder.add(0, subject, condition, OnUnknown::Fails);
    }
    let index = builder.build();
    let (mut facts, mut scratch) = (Facts::new(&schema), Scratch::new(&index));
    let decide = move |customer: usize| {
        for (id, given) in ids.iter().zip(&workload.customers[customer]) {
            match given {
                Given::Bool(b) => facts.set_bool(*id, *b),
                Given::Int(n) => facts.set_int(*id, *n),
                Given::Text(text) => facts.set_text(*id, text),
            }
        }
        index.evaluate(&facts, &mut scratch);
        scratch.holding(0).count()
    };
    Ok(Engine { name: "apropos-condition", decide: Box::new(decide) })
}

fn cel(workload: &Workload) -> Result<Engine<'_>, Failure> {
    let env = std::sync::Arc::new(cel::Env::stdlib());
    let mut programs = Vec::new();
    for action in 0..workload.actions.len() {
        programs.push(env.compile(&workload.cel(action)).map_err(|error| format!("cel: {error:?}"))?);
    }
    let decide = move |customer: usize| {
        let mut context = cel::Context::with_env(env.clone());
        for (name, given) in workload.attributes.iter().zip(&workload.customers[customer]) {
            match given {
                Given::Bool(b) => context.add_variable_from_value(name.as_str(), *b),
                Given::Int(n) => context.add_variable_from_value(name.as_str(), *n),
                Given::Text(text) => context.add_variable_from_value(name.as_str(), *text),
            }
        }
        programs
            .iter()
            .filter(|program| matches!(program.execute(&context), Ok(cel::Value::Bool(true))))
            .count()
    };
    Ok(Engine { name: "cel 0.15.0", decide: Box::new(decide) })
}

/// The customers as JSON, the form both zen engines take.
fn as_json(workload: &Workload) -> Vec<Value> {
    let value = |given: &Given| match given {
        Given::Bool(b) => json!(b),
        Given::Int(n) => json!(n),
        Given::Text(text) => json!(text),
    };
    let customer = |given: &Vec<Given>| {
        Value::Object(workload.attributes.iter().cloned().zip(given.iter().map(value)).collect())
    };
    workload.customers.iter().map(customer).collect()
}

fn zen_expression(workload: &Workload) -> Result<Engine<'_>, Failure> {
    use zen_expression::scope::Scope;
    use zen_expression::variable::Variable;
    let mut expressions = Vec::new();
    for action in 0..workload.actions.len() {
        let text = workload.joined(action, " and ", "", |name, words| format!("{name} in [{words}]"));
        expressions
            .push(zen_expression::compile_expression(&text).map_err(|error| format!("zen: {error:?}"))?);
    }
    let customers = as_json(workload);
    let mut machine = zen_expression::vm::VM::new();
    let decide = move |customer: usize| {
        let scope = Scope::new(Variable::from(&customers[customer]));
        let holds = |value: Variable| value.as_bool() == Some(true);
        expressions
            .iter()
            .filter(|expression| expression.evaluate_with_scope(&scope, &mut machine).is_ok_and(holds))
            .count()
    };
    Ok(Engine { name: "zen-expression 2.1.6", decide: Box::new(decide) })
}

/// One collecting decision table with a row an action, compiled: the form that zen indexes.
fn zen_table(workload: &Workload) -> Result<Engine<'_>, Failure> {
    use zen_expression::variable::Variable;
    let rows: Vec<Value> = (0..workload.actions.len()).map(|action| table_row(workload, action)).collect();
    let column = |name: &String| json!({"id": name, "name": name, "field": name});
    let inputs: Vec<Value> = workload.attributes.iter().map(column).collect();
    let model = json!({
        "nodes": [
            {"id": "in", "name": "in", "type": "inputNode", "content": {}},
            {"id": "table", "name": "table", "type": "decisionTableNode", "content": {
                "hitPolicy": "collect", "inputs": inputs, "rules": rows,
                "outputs": [{"id": "action", "name": "action", "field": "action"}]}},
            {"id": "out", "name": "out", "type": "outputNode", "content": {}}],
        "edges": [
            {"id": "first", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "second", "sourceId": "table", "targetId": "out", "type": "edge"}]});
    let content: zen_engine::model::GraphContent = serde_json::from_value(model)?;
    let mut decision = zen_engine::Decision::from(content);
    decision.compile();
    let customers = as_json(workload);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let decide = move |customer: usize| {
        let answer = runtime.block_on(decision.evaluate(Variable::from(&customers[customer])));
        answer.ok().and_then(|answer| answer.result.as_array().map(|rows| rows.borrow().len())).unwrap_or(0)
    };
    Ok(Engine { name: "zen-engine 2.1.6, compiled table", decide: Box::new(decide) })
}

/// One cell an attribute, in the short form that zen indexes; two predicates on one attribute share its cell in the
/// long form.
fn table_row(workload: &Workload, action: usize) -> Value {
    let mut row: serde_json::Map<String, Value> =
        workload.attributes.iter().map(|name| (name.clone(), json!(""))).collect();
    let wanted = &workload.actions[action];
    for (at, name) in workload.attributes.iter().enumerate() {
        let asks: Vec<&Ask> = wanted
            .iter()
            .map(|leaf| &workload.leaves[*leaf])
            .filter(|l| l.attribute == at)
            .map(|l| &l.ask)
            .collect();
        let cell = match asks.as_slice() {
            [] => continue,
            [one] => short_cell(one),
            several => several.iter().map(|ask| long_cell(ask)).collect::<Vec<_>>().join(" and "),
        };
        row.insert(name.clone(), json!(cell));
    }
    row.insert("_id".to_owned(), json!(format!("row-{action}")));
    row.insert("action".to_owned(), json!(action.to_string()));
    Value::Object(row)
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")
}

fn short_cell(ask: &Ask) -> String {
    match ask {
        Ask::AtLeast(n) => format!(">= {n}"),
        Ask::AtMost(n) => format!("<= {n}"),
        Ask::Is(text) => format!("\"{text}\""),
        Ask::In(words) => quoted(words),
        Ask::Holds(b) => b.to_string(),
    }
}

fn long_cell(ask: &Ask) -> String {
    match ask {
        Ask::AtLeast(n) => format!("$ >= {n}"),
        Ask::AtMost(n) => format!("$ <= {n}"),
        Ask::Is(text) => format!("$ == \"{text}\""),
        Ask::In(words) => format!("$ in [{}]", quoted(words)),
        Ask::Holds(b) => format!("$ == {b}"),
    }
}

/// One policy set with a policy an action: the permits that apply are the reasons of the answer.
fn cedar(workload: &Workload) -> Result<Engine<'_>, Failure> {
    use cedar_policy::{Authorizer, Context, Entities, EntityUid, PolicySet, Request, RestrictedExpression};
    let mut text = String::new();
    for action in 0..workload.actions.len() {
        let condition =
            workload.joined(action, " && ", "context.", |name, words| format!("[{words}].contains({name})"));
        text.push_str(&format!(
            "@id(\"action-{action}\")\npermit(principal, action, resource) when {{ {condition} }};\n"
        ));
    }
    let policies = PolicySet::from_str(&text)?;
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    let who = EntityUid::from_str("User::\"customer\"")?;
    let what = EntityUid::from_str("Action::\"offer\"")?;
    let place = EntityUid::from_str("Slot::\"hero\"")?;
    let decide = move |customer: usize| {
        let given = workload.attributes.iter().zip(&workload.customers[customer]).map(|(name, given)| {
            let value = match given {
                Given::Bool(b) => RestrictedExpression::new_bool(*b),
                Given::Int(n) => RestrictedExpression::new_long(*n),
                Given::Text(text) => RestrictedExpression::new_string((*text).to_owned()),
            };
            (name.clone(), value)
        });
        let Ok(context) = Context::from_pairs(given) else { return usize::MAX };
        let request = Request::new(who.clone(), what.clone(), place.clone(), context, None);
        request.map_or(usize::MAX, |request| {
            authorizer.is_authorized(&request, &policies, &entities).diagnostics().reason().count()
        })
    };
    Ok(Engine { name: "cedar-policy 4.14.1", decide: Box::new(decide) })
}
