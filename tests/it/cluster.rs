//! `scenarios/cluster`: the files for batch systems say what the program understands, and their parts make the whole.
//!
//! Here a shell stands in for the batch system; `.ci/slurm` has Slurm itself run its file.

use crate::command::{root, scenario_of_a_sweep, tree};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn text(name: &str) -> String {
    fs::read_to_string(root().join("scenarios/cluster").join(name)).expect("it is there")
}

/// A shared folder with the scenario in it.
fn shared(scenario: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(scenario), scenario_of_a_sweep()).unwrap();
    folder
}

/// A command of a node, on whose path dryport is.
fn on_a_node(folder: &Path, program: &str) -> Command {
    let bin = Path::new(env!("CARGO_BIN_EXE_dryport")).parent().expect("it is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command.current_dir(folder).env("PATH", format!("{}:{path}", bin.display()));
    command
}

/// Runs all at once, as the tasks of an array are.
fn at_once(commands: Vec<Command>) {
    let piped = |mut command: Command| {
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let children: Vec<_> = commands.into_iter().map(piped).collect();
    for child in children {
        sound(&child.wait_with_output().unwrap());
    }
}

fn sound(output: &Output) {
    assert!(output.status.success(), "{output:?}");
}

/// What is in `folder` is what one machine makes of the same scenario.
fn is_the_whole(folder: &Path, scenario: &str) {
    let alone = shared(scenario);
    sound(&on_a_node(alone.path(), "dryport").args(["sweep", scenario]).output().unwrap());
    assert_eq!(tree(folder), tree(alone.path()));
}

#[test]
fn a_slurm_array_and_its_closing_step_make_the_whole() {
    let script = root().join("scenarios/cluster/sweep.sbatch");
    let folder = shared("s.toml");
    let step = || {
        let mut command = on_a_node(folder.path(), "bash");
        command.arg(&script).arg("s.toml").env("SLURM_CPUS_PER_TASK", "1").env_remove("SLURM_ARRAY_TASK_ID");
        command
    };
    let task = |id: u32| {
        let mut command = step();
        command.env("SLURM_ARRAY_TASK_ID", id.to_string()).env("SLURM_ARRAY_TASK_COUNT", "3");
        command
    };
    at_once((0..3).map(task).collect());
    assert_eq!(tree(&folder.path().join("output/s-sweep/cells")).len(), 6);
    assert!(!folder.path().join("output/s-sweep/sweep.csv").exists(), "the closing step makes it");
    sound(&step().output().unwrap());
    is_the_whole(folder.path(), "s.toml");

    // Its head says how it is submitted: by its own name, from 0 on, the closing step after the array.
    let text = text("sweep.sbatch");
    for said in [
        "array=$(sbatch --parsable --array=0-7 scenarios/cluster/sweep.sbatch s.toml)",
        "sbatch --dependency=\"afterok:$array\" scenarios/cluster/sweep.sbatch s.toml",
    ] {
        assert!(text.contains(said), "{said}");
    }
    assert!(text.starts_with("#!/bin/bash\n"), "sbatch takes nothing else");
    let first = text.lines().position(|line| !line.is_empty() && !line.starts_with('#')).unwrap();
    let late = text.lines().skip(first).find(|line| line.starts_with("#SBATCH"));
    assert_eq!(late, None, "sbatch reads none after the first command");
}

/// The values of a document of the manifest by their paths. The manifest uses few of YAML's ways: a key with a value, a
/// key with keys below it, a list of those, a list in brackets, a comment.
fn values(document: &str) -> BTreeMap<String, String> {
    let mut above: Vec<(usize, String)> = Vec::new();
    let mut found = BTreeMap::new();
    for line in document.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let line = line.split(" #").next().unwrap_or_default().trim_end().replacen("- ", "  ", 1);
        let (key, value) = line.split_once(':').unwrap_or_else(|| panic!("no key: {line}"));
        let indent = key.len() - key.trim_start().len();
        above.retain(|(deep, _)| *deep < indent);
        above.push((indent, key.trim().to_owned()));
        if !value.is_empty() {
            let path: Vec<_> = above.iter().map(|(_, key)| key.as_str()).collect();
            let value = value.strip_prefix(' ').expect("a space after the colon");
            assert!(found.insert(path.join("."), value.to_owned()).is_none(), "{line} is there twice");
        }
    }
    found
}

#[test]
fn an_indexed_job_and_its_closing_job_make_the_whole() {
    let text = text("sweep-job.yaml");
    let jobs: Vec<_> = text.split("\n---\n").map(values).collect();
    let [parts, merge] = jobs.as_slice() else { panic!("two jobs") };
    let container = |key: &str| format!("spec.template.spec.containers.{key}");
    for (job, own) in [(parts, 3), (merge, 1)] {
        assert_eq!((job["apiVersion"].as_str(), job["kind"].as_str()), ("batch/v1", "Job"));
        // A Job takes no other policy than this and Never, and this one goes on where it was.
        assert_eq!(job["spec.template.spec.restartPolicy"], "OnFailure");
        // They meet in one folder, from which they run.
        assert_eq!(job[&container("workingDir")], job[&container("volumeMounts.mountPath")]);
        assert_eq!(job[&container("volumeMounts.name")], job["spec.template.spec.volumes.name"]);
        let differ = |key: &&String| parts.get(*key) != merge.get(*key) && **key != container("command");
        assert_eq!(job.keys().filter(differ).count(), own + 1, "nothing but the name and how it is started");
    }
    assert_eq!((parts["spec.completionMode"].as_str(), merge["spec.suspend"].as_str()), ("Indexed", "true"));
    let (names, count) = ([parts, merge].map(|job| &job["metadata.name"]), parts["spec.completions"].as_str());
    assert!(text.contains(&format!("kubectl wait --for=condition=complete --timeout=24h job/{}\n", names[0])));
    assert!(text.contains(&format!("kubectl patch job/{} ", names[1])));

    let command = |job: &BTreeMap<String, String>| -> Vec<String> {
        serde_json::from_str(&job[&container("command")]).expect("a list in brackets is JSON")
    };
    assert!(command(parts)[2].contains(&format!("--shard $((JOB_COMPLETION_INDEX + 1))/{count} ")), "{count}");
    let folder = shared("sweep.toml");
    let pod = |job: &BTreeMap<String, String>| {
        let words = command(job);
        let mut pod = on_a_node(folder.path(), &words[0]);
        pod.args(&words[1..]).env_remove("JOB_COMPLETION_INDEX");
        pod
    };
    let part = |index: u32| {
        let mut pod = pod(parts);
        pod.env("JOB_COMPLETION_INDEX", index.to_string());
        pod
    };
    at_once((0..count.parse().unwrap()).map(part).collect());
    sound(&pod(merge).output().unwrap());
    is_the_whole(folder.path(), "sweep.toml");
}
