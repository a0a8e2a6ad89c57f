//! Adam and AdamW with PyTorch's semantics (`torch.optim.Adam`, `torch.optim.AdamW`).

/// The update rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Learning rate.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the square root of the second moment.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// AdamW (decay beside the gradient) or Adam (decay in it).
    pub decoupled: bool,
}

/// One parameter with its moments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// The parameter.
    pub w: f64,
    /// Its first moment.
    pub m: f64,
    /// Its second moment.
    pub v: f64,
}

/// Step `time`, from 1, by the gradient `g`.
pub fn step(rule: &Rule, Moments { w, m, v }: Moments, g: f64, time: i32) -> Moments {
    let (g, w) = if rule.decoupled {
        (g, w * (1.0 - rule.learning_rate * rule.weight_decay))
    } else {
        (g + rule.weight_decay * w, w)
    };
    let m = rule.beta1 * m + (1.0 - rule.beta1) * g;
    let v = rule.beta2 * v + (1.0 - rule.beta2) * g * g;
    let m_hat = m / (1.0 - rule.beta1.powi(time));
    let v_hat = v / (1.0 - rule.beta2.powi(time));
    Moments { w: w - rule.learning_rate * m_hat / (v_hat.sqrt() + rule.epsilon), m, v }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first step goes by the learning rate against the gradient's sign, whatever its size.
    #[test]
    fn the_first_step_is_the_learning_rate() {
        let rule =
            Rule { learning_rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0, decoupled: false };
        for g in [3.0, -0.02] {
            let after = step(&rule, Moments { w: 1.0, m: 0.0, v: 0.0 }, g, 1);
            assert!((after.w - (1.0 - 0.01 * g.signum())).abs() < 1e-8);
        }
        let decayed = Rule { weight_decay: 0.1, decoupled: true, ..rule };
        assert!((step(&decayed, Moments { w: 1.0, m: 0.0, v: 0.0 }, 3.0, 1).w - 0.989).abs() < 1e-8);
    }
}
