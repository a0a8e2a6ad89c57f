//! Model definitions: MLP configuration, parameter layout, initialisation, summary, safetensors.
