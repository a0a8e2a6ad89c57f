// A small layer in workgroup memory, for 4 GROUPS rows of the batch. Whoever includes this has the binding `weights`.
//
// A cell holds one unit of four rows: unit u of group g is at cell `base + u * GROUPS + g`. A thread makes 4 units x 4
// rows from a slice of the depth: 64 multiply-adds for 4 loads from memory and 4 from cells that all threads share.
// A thread's blocks are all of one group, for THREADS is a multiple of GROUPS.

override GROUPS: u32 = 2u;
override CELLS: u32 = 992u;  // with scratch 16 KiB, WebGPU's default limit

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

// Where item `item`, a block of quads x groups, begins among cells from `base`.
fn cell_of(base: u32, item: u32) -> u32 {
    return base + item / GROUPS * 4u * GROUPS + item % GROUPS;
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
        var block = Block();
        if (works) {
            for (var k = 4u * first; k < 4u * end; k += 4u) {
                let w = weight + k * layer.output_quads + item / GROUPS;
                let a = start + k * GROUPS + item % GROUPS;
                block = add_input(block, cells[a], weights[w]);
                block = add_input(block, cells[a + GROUPS], weights[w + layer.output_quads]);
                block = add_input(block, cells[a + 2u * GROUPS], weights[w + 2u * layer.output_quads]);
                block = add_input(block, cells[a + 3u * GROUPS], weights[w + 3u * layer.output_quads]);
            }
        }
        add_slices(block, cell_of(to, item), works, slice, sharing.slices);
    }
}

// The linear output of the layer before the tail, into cells from 0.
fn enter(model: u32, row: u32, thread: u32) {
    let quads = network.layer[job.layer - 1u].output_quads;
    for (var item = thread; item < quads * GROUPS; item += THREADS) {
        let rows = linear_output(model, job.layer - 1u, row + 4u * (item % GROUPS), item / GROUPS);
        put(cell_of(0u, item), block_of_rows(rows));
    }
    workgroupBarrier();
}

// Mean and deviation of a layer's linear output in cells from `base`, of the rows of this thread's group; 0 and 1 where
// nothing is normalised.
fn moments(layer: u32, base: u32, thread: u32) -> Moments {
    if (NORMALIZE == 0u) {
        return Moments(splat(0.0), splat(1.0));
    }
    let units = network.layer[layer].outputs;
    let items = network.layer[layer].output_quads * GROUPS;
    var sum = splat(0.0);
    for (var item = thread; item < items; item += THREADS) {
        let z = block_at(cell_of(base, item));
        sum += (z.u0 + z.u1) + (z.u2 + z.u3);
    }
    let mean = total(sum, GROUPS, thread) / f32(units);
    var squares = splat(0.0);
    for (var item = thread; item < items; item += THREADS) {
        let z = block_at(cell_of(base, item));
        let exists = existing(item / GROUPS, units);
        let d0 = (z.u0 - mean) * exists.x;
        let d1 = (z.u1 - mean) * exists.y;
        let d2 = (z.u2 - mean) * exists.z;
        let d3 = (z.u3 - mean) * exists.w;
        squares += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3);
    }
    return Moments(mean, inverse_root(total(squares, GROUPS, thread), units));
}

// Four rows of a block of linear output, normalised.
fn normalized_rows(z: Block, by: Moments) -> mat4x4<f32> {
    if (NORMALIZE == 0u) {
        return rows_of_block(z);
    }
    return rows_of_block(Block(
        (z.u0 - by.mean) * by.inverse,
        (z.u1 - by.mean) * by.inverse,
        (z.u2 - by.mean) * by.inverse,
        (z.u3 - by.mean) * by.inverse,
    ));
}
