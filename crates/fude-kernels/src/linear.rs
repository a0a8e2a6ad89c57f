//! A linear layer, `y = x W + b` with `W: [I, O]`.

/// `y: [B, O]` of `x: [B, I]`.
pub fn forward(x: &[f64], weight: &[f64], bias: &[f64]) -> Vec<f64> {
    let outputs = bias.len();
    let inputs = weight.len() / outputs;
    let mut y = Vec::with_capacity(x.len() / inputs * outputs);
    for x in x.chunks_exact(inputs) {
        y.extend((0..outputs).map(|o| bias[o] + (0..inputs).map(|i| x[i] * weight[i * outputs + o]).sum::<f64>()));
    }
    y
}

/// The loss's gradient with respect to x, `[B, I]`, from that with respect to y, `dy: [B, O]`: `dy W^T`.
pub fn input_gradient(dy: &[f64], weight: &[f64], outputs: usize) -> Vec<f64> {
    let inputs = weight.len() / outputs;
    let mut dx = Vec::with_capacity(dy.len() / outputs * inputs);
    for dy in dy.chunks_exact(outputs) {
        dx.extend((0..inputs).map(|i| (0..outputs).map(|o| dy[o] * weight[i * outputs + o]).sum::<f64>()));
    }
    dx
}

/// The loss's gradient with respect to W, `[I, O]`: `x^T dy`.
pub fn weight_gradient(x: &[f64], dy: &[f64], inputs: usize, outputs: usize) -> Vec<f64> {
    let mut gradient = vec![0.0; inputs * outputs];
    for (x, dy) in x.chunks_exact(inputs).zip(dy.chunks_exact(outputs)) {
        for i in 0..inputs {
            for o in 0..outputs {
                gradient[i * outputs + o] += x[i] * dy[o];
            }
        }
    }
    gradient
}

/// The loss's gradient with respect to b, `[O]`: the sum of `dy: [B, O]` over the batch.
pub fn bias_gradient(dy: &[f64], outputs: usize) -> Vec<f64> {
    (0..outputs).map(|o| dy.iter().skip(o).step_by(outputs).sum()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_two_inputs_and_one_output_is_the_formula() {
        let (x, weight, bias) = ([1.0, 2.0, 3.0, 4.0], [10.0, 100.0], [0.5]);
        assert_eq!(forward(&x, &weight, &bias), [210.5, 430.5]);
        let dy = [1.0, -2.0];
        assert_eq!(input_gradient(&dy, &weight, 1), [10.0, 100.0, -20.0, -200.0]);
        assert_eq!(weight_gradient(&x, &dy, 2, 1), [-5.0, -6.0]);
        assert_eq!(bias_gradient(&dy, 1), [-1.0]);
    }
}
