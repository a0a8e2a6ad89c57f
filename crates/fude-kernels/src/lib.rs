//! The shaders and their CPU twins.
