"""pymdp 1.0.4: whole lives in one jitted scan, agents vmapped over a model they share.

What is measured is the fastest of several ways to write the same steps, found anew for each
problem: see `fastest`.
"""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

PRECISION = sys.argv[1]
jax.config.update("jax_enable_x64", PRECISION == "f64")
REAL = np.dtype({"f64": np.float64, "f32": np.float32}[PRECISION])

import equinox as eqx  # noqa: E402  (after the precision is set)
from protocol import serve  # noqa: E402
from pymdp import control, inference  # noqa: E402
from pymdp.agent import Agent  # noqa: E402

#: How long a way of writing the steps is tried, after it was compiled.
TRIAL_SECONDS = 0.5

#: The ways, each with the one that is tried first.
WAYS = {
    # pymdp's Agent works on a batch of one; its own functions need no such axis.
    "form": ("agent", "functions"),
    # Factors on which a modality does not depend can be left out of its A.
    "likelihood": ("all factors", "A_dependencies"),
    # XLA can fold constants, or be given the arrays.
    "model": ("constants", "arguments"),
}


class Session:
    def __init__(self, problem):
        if problem["profile"] != "modern":
            raise ValueError("this line of pymdp has the modern profile only")
        observations = np.array(problem["observations"], np.int32)
        self.agents, self.steps, _ = observations.shape
        actions = np.array(problem["actions"], np.int32).reshape(self.agents, self.steps, -1)
        # [agent, step, modality] and [agent, step, factor]
        self.lives = (jnp.array(observations), jnp.array(actions))
        self.problem = problem
        self.way, self.run = self.fastest()
        axis = "vmap over agents, " if problem["together"] else ""
        self.note = f"{axis}scan, {PRECISION}; " + ", ".join(self.way.values())

    def fastest(self):
        """Changes one thing at a time and keeps what is faster."""
        way = {name: values[0] for name, values in WAYS.items()}
        run = compiled(self.problem, way, self.lives)
        best = trial(run)
        for name, values in WAYS.items():
            other = way | {name: values[1]}
            if name == "likelihood" and not can_reduce(self.problem["model"]):
                continue
            other_run = compiled(self.problem, other, self.lives)
            other_best = trial(other_run)
            if other_best < best:
                way, run, best = other, other_run, other_best
        return way, run

    def measure(self, repeats):
        ns = 0
        for _ in range(repeats):
            began = time.perf_counter_ns()
            jax.block_until_ready(self.run())
            ns += time.perf_counter_ns() - began
        return ns, repeats * self.steps * self.agents

    def answer(self):
        """What the measured function itself computed."""
        beliefs, policies, choices = self.run()

        def rows(array):
            return np.asarray(array).reshape(self.agents, -1)

        return {
            "choices": rows(choices).tolist(),
            "numbers": {
                "beliefs": np.concatenate([rows(b) for b in beliefs], axis=1).tolist(),
                "policies": rows(policies).tolist(),
            },
        }


def compiled(problem, way, lives):
    """A function of no arguments that lives every life to its end."""
    agent = make_agent(problem, way["likelihood"] == "A_dependencies")
    step = step_of_agent if way["form"] == "agent" else step_of_functions
    every_life = live_together if problem["together"] else live_in_turn
    if way["model"] == "constants":
        run = jax.jit(lambda lives: every_life(agent, step, lives))
        return lambda: run(lives)
    arrays, rest = eqx.partition(agent, eqx.is_array)
    run = jax.jit(lambda arrays, lives: every_life(eqx.combine(arrays, rest), step, lives))
    return lambda: run(arrays, lives)


def live_in_turn(agent, step, lives):
    """One life after the other. Out come each one's last beliefs and policies, and its choices."""
    return lax.map(lambda one: life(step, agent, first_prior(agent, step), one), lives)


def live_together(agent, step, lives):
    """The same with all agents at once."""
    agents, _, _ = lives[0].shape
    prior = [jnp.broadcast_to(d, (agents, *d.shape)) for d in first_prior(agent, step)]
    together = jax.vmap(step, in_axes=(None, 0, 0))
    by_step = jax.tree.map(lambda array: array.swapaxes(0, 1), lives)
    beliefs, policies, choices = life(together, agent, prior, by_step)
    return beliefs, policies, choices.swapaxes(0, 1)


def life(step, agent, prior, observations_and_actions):
    def body(carry, now):
        prior, beliefs, policies, choice = step(agent, carry[0], now)
        return (prior, beliefs, policies), choice

    # The carry needs the shapes of what a step gives.
    first = jax.tree.map(lambda array: array[0], observations_and_actions)
    shapes = jax.eval_shape(lambda p, now: body((p,), now)[0], prior, first)
    blank = jax.tree.map(lambda shape: jnp.zeros(shape.shape, shape.dtype), shapes[1:])
    (_, beliefs, policies), choices = lax.scan(body, (prior, *blank), observations_and_actions)
    return beliefs, policies, choices


def first_prior(agent, step):
    return agent.D if step is step_of_agent else unbatched(agent.D)


def step_of_agent(agent, prior, now):
    observation, action = now
    beliefs = agent.infer_states([o[None] for o in observation], prior)
    policies, _ = agent.infer_policies(beliefs)
    choice = agent.sample_action(policies)
    return agent.update_empirical_prior(action[None], beliefs), beliefs, policies, choice


def step_of_functions(agent, prior, now):
    observation, action = now
    a, b, c = unbatched(agent.A), unbatched(agent.B), unbatched(agent.C)
    dependencies = {
        "A_dependencies": agent.A_dependencies,
        "B_dependencies": agent.B_dependencies,
    }
    outcomes = [jax.nn.one_hot(o, n)[None] for o, n in zip(observation, agent.num_obs)]
    beliefs = inference.update_posterior_states(
        a,
        b,
        outcomes,
        None,
        prior=prior,
        qs_hist=None,
        num_iter=agent.num_iter,
        method=agent.inference_algo,
        distr_obs=True,
        **dependencies,
    )
    last = [belief[-1] for belief in beliefs]
    every = agent.policies.policy_arr
    policies, _ = control.update_posterior_policies(
        every, last, a, b, c, agent.E[0], None, None, gamma=agent.gamma[0], **dependencies
    )
    choice = control.sample_action(every, agent.num_controls, policies)
    prior = control.compute_expected_state(last, b, action, agent.B_dependencies)
    return prior, beliefs, policies, choice


def make_agent(problem, reduce):
    model = problem["model"]
    likelihood = [reduced(a) if reduce else whole(a) for a in model["a"]]
    b, c, d = ([jnp.array(as_numpy(x)) for x in model[name]] for name in "bcd")
    return Agent(
        [jnp.array(a) for a, _ in likelihood],
        b,
        c,
        d,
        A_dependencies=[factors for _, factors in likelihood],
        policy_len=problem["policy_len"],
        gamma=problem["gamma"],
        num_iter=problem["num_iter"],
        sampling_mode="marginal",
        batch_size=1,
    )


def whole(array):
    a = as_numpy(array)
    return a, list(range(a.ndim - 1))


def reduced(array):
    """An array of A over the factors that make a difference, of which it keeps at least one."""
    a, factors = whole(array)
    for axis in reversed(range(1, a.ndim)):
        if len(factors) > 1 and (a == a.take([0], axis)).all():
            a = a.take(0, axis)
            del factors[axis - 1]
    return a, factors


def can_reduce(model):
    return any(len(reduced(a)[1]) < len(a["shape"]) - 1 for a in model["a"])


def as_numpy(array):
    return np.array(array["data"], REAL).reshape(array["shape"])


def unbatched(arrays):
    return [array[0] for array in arrays]


def trial(run):
    """The best time of a run once it is compiled, over a short while."""
    jax.block_until_ready(run())
    best = float("inf")
    end = time.perf_counter() + TRIAL_SECONDS
    while True:
        began = time.perf_counter()
        jax.block_until_ready(run())
        now = time.perf_counter()
        best = min(best, now - began)
        if now > end:
            return best


serve(Session)
