//! A page that has a browser compile every shader, to hear what another WebGPU implementation than naga says.
//!
//! `cargo run --release --example shader_page > shaders.html`, then open the file in a browser, or
//! `chromium --headless --no-sandbox --enable-unsafe-webgpu --use-webgpu-adapter=swiftshader --enable-features=Vulkan
//! --virtual-time-budget=60000 --dump-dom shaders.html`. Each shader gets a line: `right`, or what is wrong.

use fude_kernels::shader::SHADERS;
use std::io::Write;

fn main() -> std::io::Result<()> {
    let shaders = SHADERS.iter().map(|shader| format!("  [{}, {}]", quoted(shader.name), quoted(shader.text)));
    let shaders = shaders.collect::<Vec<_>>().join(",\n");
    std::io::stdout().lock().write_all(PAGE.replace("SHADERS", &shaders).as_bytes())
}

/// A string of JavaScript within HTML: nothing in it ends the script.
fn quoted(text: &str) -> String {
    format!("{text:?}").replace("\\'", "'").replace('<', "\\u003c")
}

/// Compiles each text, and makes a pipeline of it on a device with default limits.
const PAGE: &str = r#"<!doctype html>
<meta charset="utf-8">
<title>fude's shaders</title>
<pre id="out"></pre>
<script type="module">
const shaders = [
SHADERS
];
const say = (line) => { document.getElementById("out").textContent += line + "\n"; };
try {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("no WebGPU adapter");
  const device = await adapter.requestDevice();
  say(`adapter ${adapter.info.vendor} ${adapter.info.architecture} ${adapter.info.description}`);
  for (const [name, code] of shaders) {
    const module = device.createShaderModule({ label: name, code });
    const { messages } = await module.getCompilationInfo();
    for (const { type, lineNum, linePos, message } of messages) say(`${name} ${type} ${lineNum}:${linePos} ${message}`);
    try {
      await device.createComputePipelineAsync({ layout: "auto", compute: { module } });
      say(`${name} right`);
    } catch (error) {
      say(`${name} wrong: ${error.message}`);
    }
  }
} catch (error) {
  say(`failed: ${error.message}`);
}
say("end");
</script>
"#;
