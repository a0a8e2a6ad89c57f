// A small layer in workgroup memory, for 4 GROUPS rows of the batch. Whoever includes this has the binding `weights`.
//
// A cell holds one unit of four rows: unit u of group g is at cell `base + u * GROUPS + g`. A thread makes 4 units x 4
// rows from a slice of the depth: 64 multiply-adds for 4 loads from memory and 4 from cells that all threads share.

override GROUPS: u32 = 2u;
override CELLS: u32 = 1024u;   // 16 KiB, WebGPU's default limit
override THREADS: u32 = 128u;

const MAX_SLICES = 8u;

var<workgroup> cells: array<vec4<f32>, CELLS>;

// Four units (columns) x four rows (components).
struct Block {
    u0: vec4<f32>,
    u1: vec4<f32>,
    u2: vec4<f32>,
    u3: vec4<f32>,
}

// Adds one unit of input, `a` of four rows, times its weights to four units of output.
fn add_input(block: Block, a: vec4<f32>, w: vec4<f32>) -> Block {
    return Block(
        fma(a, splat(w.x), block.u0),
        fma(a, splat(w.y), block.u1),
        fma(a, splat(w.z), block.u2),
        fma(a, splat(w.w), block.u3),
    );
}

fn block_of_rows(rows: mat4x4<f32>) -> Block {
    let units = transpose(rows);
    return Block(units[0], units[1], units[2], units[3]);
}

fn rows_of_block(block: Block) -> mat4x4<f32> {
    return transpose(mat4x4<f32>(block.u0, block.u1, block.u2, block.u3));
}

fn put(cell: u32, block: Block) {
    cells[cell] = block.u0;
    cells[cell + GROUPS] = block.u1;
    cells[cell + 2u * GROUPS] = block.u2;
    cells[cell + 3u * GROUPS] = block.u3;
}

fn block_at(cell: u32) -> Block {
    return Block(cells[cell], cells[cell + GROUPS], cells[cell + 2u * GROUPS], cells[cell + 3u * GROUPS]);
}

// How the threads share `quads` quads of output with `depth` quads of input.
struct Sharing {
    items: u32,    // blocks of output
    slices: u32,   // parts of the depth
    length: u32,   // quads of depth in a part
    wide: u32,     // blocks at a time
}

fn share_out(quads: u32, depth: u32) -> Sharing {
    let items = quads * GROUPS;
    let slices = clamp(THREADS / items, 1u, MAX_SLICES);
    return Sharing(items, slices, (depth + slices - 1u) / slices, THREADS / slices);
}

// Adds the slices of a block up, one after the other: the order does not depend on which thread comes first.
fn add_slices(block: Block, cell: u32, works: bool, slice: u32, slices: u32) {
    for (var turn = 0u; turn < slices; turn++) {
        if (works && slice == turn) {
            if (turn == 0u) {
                put(cell, block);
            } else {
                let before = block_at(cell);
                put(cell, Block(before.u0 + block.u0, before.u1 + block.u1, before.u2 + block.u2, before.u3 + block.u3));
            }
        }
        workgroupBarrier();
    }
}

// Cells from `to` = cells from `start` times the layer's weights, whose last row is the bias.
fn dense(model: u32, index: u32, start: u32, to: u32, thread: u32) {
    let layer = network.layer[index];
    let sharing = share_out(layer.output_quads, layer.input_quads);
    let slice = thread / sharing.wide;
    let first = min(slice * sharing.length, layer.input_quads);
    let end = min(first + sharing.length, layer.input_quads);
    let weight = model * network.weights + layer.weight;
    for (var begin = 0u; begin < sharing.items; begin += sharing.wide) {
        let item = begin + thread % sharing.wide;
        let works = item < sharing.items && slice < sharing.slices;
        let quad = item / GROUPS;
        let group = item % GROUPS;
        var block = Block();
        if (works) {
            for (var k = 4u * first; k < 4u * end; k += 4u) {
                let w = weight + k * layer.output_quads + quad;
                let a = start + k * GROUPS + group;
                block = add_input(block, cells[a], weights[w]);
                block = add_input(block, cells[a + GROUPS], weights[w + layer.output_quads]);
                block = add_input(block, cells[a + 2u * GROUPS], weights[w + 2u * layer.output_quads]);
                block = add_input(block, cells[a + 3u * GROUPS], weights[w + 3u * layer.output_quads]);
            }
        }
        add_slices(block, to + quad * 4u * GROUPS + group, works, slice, sharing.slices);
    }
}
