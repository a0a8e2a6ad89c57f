//! Every shader is valid and as its head and the README say. Needs no GPU.
#![cfg(feature = "reflect")]

use fude_kernels::reflect::{Access, Reflection};
use fude_kernels::{SHADERS, Shader};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shaders")
}

fn reflection(shader: &Shader) -> Reflection {
    Reflection::of(shader).unwrap_or_else(|error| panic!("{}: {error}", shader.name))
}

/// The shader's own file, without the shared texts.
fn own_text(shader: &Shader) -> String {
    std::fs::read_to_string(folder().join(format!("{}.wgsl", shader.name))).expect("the shader's file")
}

#[test]
fn every_shader_is_valid_within_webgpu_s_default_limits() {
    for shader in SHADERS {
        let reflection = reflection(shader);
        let count = |access: &[Access]| reflection.bindings.iter().filter(|b| access.contains(&b.access)).count();
        assert!(count(&[Access::Read, Access::Write]) <= 8, "{}: too many storage buffers", shader.name);
        assert!(count(&[Access::Uniform]) <= 12, "{}: too many uniforms", shader.name);
        assert!(reflection.workgroup.iter().product::<u32>() <= 256, "{}: {:?}", shader.name, reflection.workgroup);
    }
}

#[test]
fn every_file_is_a_shader_of_its_name_with_a_row_in_the_readme() {
    let readme = std::fs::read_to_string(folder().join("README.md")).expect("shaders/README.md");
    let files = std::fs::read_dir(folder()).expect("shaders").map(|entry| entry.expect("a readable folder").path());
    let mut names: Vec<String> = files
        .filter(|path| path.extension().is_some_and(|end| end == "wgsl"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    let mut known: Vec<&str> = SHADERS.iter().map(|shader| shader.name).collect();
    known.sort_unstable();
    assert_eq!(names, known);
    for name in names {
        assert!(readme.contains(&format!("| [`{name}`]({name}.wgsl) |")), "shaders/README.md has no row for {name}");
    }
}

#[test]
fn every_shader_has_a_twin_that_exists() {
    for shader in SHADERS {
        let (module, function) = shader.twin.split_once("::").expect("module::function");
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/{module}.rs"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.contains(&format!("pub fn {function}(")), "{}: no {}", shader.name, shader.twin);
        assert!(own_text(shader).contains(&format!("// Twin: {}", shader.twin)), "{}: another twin", shader.name);
    }
}

/// The table in a shader's head: group, binding, name, access.
fn head_table(shader: &Shader) -> Vec<(u32, u32, String, Access)> {
    let text = own_text(shader);
    let cells = |line: &str| -> Vec<String> { line.split('|').map(|cell| cell.trim().to_owned()).collect() };
    let rows = text.lines().take_while(|line| line.starts_with("//")).map(cells);
    rows.filter_map(|row| {
        let (group, binding) = row.get(1)?.split_once(", ")?;
        let place = (group.parse().ok()?, binding.parse().ok()?);
        let access = match row.get(5)?.as_str() {
            access if access.starts_with("uniform") => Access::Uniform,
            "read" => Access::Read,
            "write" | "read, write" => Access::Write,
            other => panic!("{}: access '{other}'", shader.name),
        };
        Some((place.0, place.1, row[2].clone(), access))
    })
    .collect()
}

#[test]
fn the_table_in_every_head_is_what_naga_reads() {
    for shader in SHADERS {
        let reflected: Vec<_> = reflection(shader)
            .bindings
            .into_iter()
            .map(|binding| (binding.group, binding.number, binding.name, binding.access))
            .collect();
        assert_eq!(head_table(shader), reflected, "{}", shader.name);
    }
}

#[test]
fn heads_say_formula_dispatch_determinism_and_test() {
    for shader in SHADERS {
        let text = own_text(shader);
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
        for what in ["// Dispatch: ", "// Deterministic: ", "// Twin: "] {
            assert!(head.iter().any(|line| line.starts_with(what)), "{}: no line '{what}'", shader.name);
        }
        assert!(head.iter().any(|line| line.contains(" = ")), "{}: no formula", shader.name);
    }
}

#[test]
fn all_shaders_have_the_same_structs() {
    let first = reflection(&SHADERS[0]).structs;
    for shader in SHADERS {
        let structs = reflection(shader).structs;
        for name in ["Step", "ModelStep", "Network", "Layer", "Job"] {
            assert_eq!(structs[name], first[name], "{}: {name}", shader.name);
        }
    }
}
