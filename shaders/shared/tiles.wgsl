// The tiles that all layers' weights are cut into.

const TILE_QUADS = 16u;  // of inputs and of outputs

// Where this thread works.
struct Place {
    model: u32,
    layer: u32,
    input: vec2<u32>,   // two quads of inputs
    output: vec2<u32>,  // two quads of outputs
}

fn layer_of(tile: u32) -> u32 {
    var layer = 0u;
    while (layer + 1u < network.layers && tile >= network.layer[layer + 1u].tile) {
        layer++;
    }
    return layer;
}

// Where a thread of 8 x 8 works.
fn place_of_thread(tile: vec3<u32>, lane: vec3<u32>) -> Place {
    let index = layer_of(tile.x);
    let layer = network.layer[index];
    let across = (layer.output_quads + TILE_QUADS - 1u) / TILE_QUADS;
    let input = TILE_QUADS * ((tile.x - layer.tile) / across) + lane.y;
    let output = TILE_QUADS * ((tile.x - layer.tile) % across) + lane.x;
    let half = TILE_QUADS / 2u;
    return Place(tile.y, index, vec2<u32>(input, input + half), vec2<u32>(output, output + half));
}
