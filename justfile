# The steps of `.ci/run`, one recipe each: what is green here is green there.

# List the recipes.
default:
    @just --list

# Everything that must hold before a change lands.
ci:
    .ci/run

# Put every file into its shape.
fmt:
    cargo fmt --all

# Check the shape of every file.
fmt-check:
    .ci/run fmt

# Lints, warnings denied.
clippy:
    .ci/run clippy

# Documents, warnings denied.
docs:
    .ci/run docs

# Every bench once, as a test.
benches:
    .ci/run benches

# Both main examples, and that they decide the same in debug, in release and on any number of threads.
examples:
    .ci/run examples

# Every test, documentation tests included.
test:
    .ci/run tests

# One crate while working on it, such as `just room journey`.
room name:
    cargo clippy --package apropos-{{name}} --all-targets -- -D warnings
    cargo test --package apropos-{{name}}

# What enters from outside: licences, advisories, bans (needs cargo-deny).
deny:
    cargo deny check

# Measure one bench, such as `just bench eligibility`.
bench name:
    cargo bench --package apropos-benches --bench {{name}}
