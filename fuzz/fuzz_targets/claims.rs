#![no_main]

#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::TARGETS
    .iter()
    .find(|target| target.name == "claims")
    .map(|target| (target.run)(bytes))
    .unwrap());
