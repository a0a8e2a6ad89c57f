//! What a shader says of itself, read by naga: bindings, overridable constants, constants and structs. Nothing of it is
//! typed a second time in Rust.

use crate::Shader;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Literal, Module, StorageAccess, Type, TypeInner};
use std::collections::BTreeMap;

/// A shader as naga understands it.
#[derive(Clone, Debug)]
pub struct Reflection {
    /// In the order of group and number.
    pub bindings: Vec<Binding>,
    /// Names of overridable constants.
    pub overrides: Vec<String>,
    /// Integer constants by their names.
    pub constants: BTreeMap<String, u32>,
    /// Structs by their names.
    pub structs: BTreeMap<String, Struct>,
    /// Threads a workgroup, with every override at its default.
    pub workgroup: [u32; 3],
}

/// A buffer that a shader binds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Its group.
    pub group: u32,
    /// Its number in the group.
    pub number: u32,
    /// The variable's name.
    pub name: String,
    /// What the shader does with it.
    pub access: Access,
    /// The fewest bytes that it may have.
    pub bytes: u32,
}

/// What a shader does with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A uniform.
    Uniform,
    /// A storage buffer that is read.
    Read,
    /// A storage buffer that is written, or both.
    Write,
}

/// Where a struct's members lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Struct {
    /// Its bytes.
    pub bytes: u32,
    /// Its members by their names.
    pub members: BTreeMap<String, Member>,
}

/// A member of a struct.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Bytes from the struct's beginning.
    pub offset: u32,
    /// Bytes from one element to the next, where it is an array.
    pub stride: u32,
}

impl Reflection {
    /// Reads and validates a shader.
    ///
    /// # Errors
    /// What naga has against it, as text with the place.
    pub fn of(shader: &Shader) -> Result<Self, String> {
        let module = naga::front::wgsl::parse_str(shader.text).map_err(|error| error.emit_to_string(shader.text))?;
        Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .map_err(|error| error.emit_to_string(shader.text))?;
        let entry = module.entry_points.first().ok_or("the shader has no entry point")?;
        let mut bindings: Vec<_> = module.global_variables.iter().filter_map(|(_, v)| binding(&module, v)).collect();
        bindings.sort_by_key(|binding| (binding.group, binding.number));
        Ok(Self {
            bindings,
            overrides: module.overrides.iter().filter_map(|(_, constant)| constant.name.clone()).collect(),
            constants: module.constants.iter().filter_map(|(_, c)| constant(&module, c)).collect(),
            structs: module.types.iter().filter_map(|(_, ty)| structure(&module, ty)).collect(),
            workgroup: entry.workgroup_size,
        })
    }
}

fn binding(module: &Module, variable: &naga::GlobalVariable) -> Option<Binding> {
    let place = variable.binding?;
    let access = match variable.space {
        AddressSpace::Uniform => Access::Uniform,
        AddressSpace::Storage { access } if access.contains(StorageAccess::STORE) => Access::Write,
        AddressSpace::Storage { .. } => Access::Read,
        _ => return None,
    };
    let bytes = module.types[variable.ty].inner.size(module.to_ctx());
    Some(Binding {
        group: place.group,
        number: place.binding,
        name: variable.name.clone().unwrap_or_default(),
        access,
        bytes,
    })
}

fn constant(module: &Module, constant: &naga::Constant) -> Option<(String, u32)> {
    match module.global_expressions[constant.init] {
        naga::Expression::Literal(Literal::U32(value)) => Some((constant.name.clone()?, value)),
        _ => None,
    }
}

fn structure(module: &Module, ty: &Type) -> Option<(String, Struct)> {
    let TypeInner::Struct { members, span } = &ty.inner else { return None };
    let stride = |member: &naga::StructMember| match module.types[member.ty].inner {
        TypeInner::Array { stride, .. } => stride,
        _ => 0,
    };
    let members = members
        .iter()
        .filter_map(|m| Some((m.name.clone()?, Member { offset: m.offset, stride: stride(m) })))
        .collect();
    Some((ty.name.clone()?, Struct { bytes: *span, members }))
}
