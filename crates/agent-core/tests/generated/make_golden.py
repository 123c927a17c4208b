"""Random files of the format aif-golden/1, by pymdp itself.

    pip install inferactively-pymdp==0.0.7.1 'numpy<2'     # in one environment
    pip install inferactively-pymdp==1.0.4                 # in another
    OLD/bin/python make_golden.py FOLDER KIND FIRST COUNT
    NEW/bin/python make_golden.py FOLDER KIND FIRST COUNT  # adds its runs to the same files

The first environment makes the files (the kinds that only 1.0.4 can run are made by the second);
a file's first run chooses the actions that all runs execute.
"""
import importlib.metadata
import itertools
import json
import os
import sys

import numpy as np

OLD = importlib.metadata.version("inferactively-pymdp").startswith("0.")
MODERN_ONLY = {"deps", "inductive", "sequence"}
KINDS = ["plain", "param", "learn", "zeros", "adeps", "mmp", *sorted(MODERN_ONLY)]


def dist(r, shape, zeros=0.0):
    x = r.gamma(r.choice([0.3, 1.0, 3.0]), 1.0, shape) + 1e-3
    x = np.where(r.random(shape) < zeros, 0.0, x)
    flat = x.reshape(shape[0], -1)
    for j in np.flatnonzero(flat.sum(0) == 0):
        flat[r.integers(shape[0]), j] = 1.0
    return x / x.sum(0)


def model(kind, seed):
    r = np.random.default_rng([KINDS.index(kind), seed])
    nf = int(r.integers(1, 4))
    ns = [int(n) for n in r.choice([1, 2, 3, 4, 5], nf, p=[0.12, 0.3, 0.28, 0.2, 0.1])]
    no = [int(n) for n in r.integers(2, 6, r.integers(1, 4))]
    nc = [int(n) for n in r.integers(1, 4, nf)]
    if kind == "plain" and seed % 3 == 0:
        nf, ns, nc = 3, [int(n) for n in r.integers(2, 4, 3)], [2, int(r.integers(2, 4)), 2]
    if max(nc) == 1:
        nc[0] = 2
    joint = int(np.prod(nc))
    plen = int(r.integers(1, 4))
    while joint**plen > (30 if kind in ("mmp", "sequence", "learn") else 150):
        plen -= 1
        if plen == 0:
            nc, plen = [2] + [1] * (nf - 1), 1
    z = 0.35 if kind in ("zeros", "inductive") or (kind == "plain" and seed % 2) else (0.3 if kind in ("mmp", "learn") and seed % 3 == 0 else 0.0)
    adeps = bdeps = None
    if kind in ("deps", "sequence"):
        subset = lambda must: sorted({*([must] if must is not None else []), *[int(f) for f in r.choice(nf, r.integers(1, nf + 1), replace=False)]})
        adeps = [[int(f) for f in r.permutation(subset(None))] for _ in no]
        bdeps = [[int(g) for g in r.permutation(subset(f))] for f in range(nf)] if kind == "deps" or seed % 2 else None
    deps = adeps or [list(range(nf)) for _ in no]
    A = [dist(r, (o, *[ns[f] for f in d]), z) for o, d in zip(no, deps)]
    rundeps = None
    if kind == "adeps":
        rundeps = [sorted(int(f) for f in r.choice(nf, r.integers(1, nf + 1), replace=False)) for _ in no]
        for m, d in enumerate(rundeps):
            small = dist(r, (no[m], *[ns[f] for f in d]), z)
            index = (slice(None),) + tuple(slice(None) if f in d else None for f in range(nf))
            A[m] = np.broadcast_to(small[index], (no[m], *ns)).copy()
    B = [dist(r, (ns[f], *[ns[g] for g in (bdeps[f] if bdeps else [f])], nc[f]), z) for f in range(nf)]
    timed = r.random() < 0.4 and kind != "mmp"
    C = [r.normal(0, 2, (o, plen) if timed and (m == 0 or r.random() < 0.5) else o) for m, o in enumerate(no)]
    D = [dist(r, (n,), z) for n in ns]
    P = list(itertools.product(*[range(n) for n in nc] * plen))
    P = np.array(P).reshape(-1, plen, nf)
    E = dist(r, (len(P),), 0.2 if len(P) > 2 and r.random() < 0.4 else 0.0) if r.random() < 0.5 else None
    counts = lambda arrays: [np.round(a * r.choice([1.0, 4.0, 20.0]), 3 if r.random() < 0.5 else 16) + np.where(a > 0, 0.05, 0) for a in arrays]
    has = lambda p: r.random() < p
    learns = kind in ("learn", "zeros")
    lA, lB, lD = (has(0.8), has(0.7), has(0.6)) if learns else (False, False, kind == "mmp" and has(0.4))
    if learns and not (lA or lB):
        lA = True
    pgain = kind == "param" or (learns and has(0.6)) or (kind in ("mmp", "sequence", "deps") and has(0.4))
    pA = counts(A) if lA or pgain or (kind != "plain" and has(0.3)) else None
    pB = counts(B) if lB or (pgain and kind != "mmp" and has(0.6)) else None
    if kind == "param" and seed % 3 == 1 and pB:
        pA = None
    if kind == "deps" and has(0.4):
        lA, lB, pA, pB = True, True, pA or counts(A), pB or counts(B)
    pD = counts(D) if lD else None
    uses = [has(0.85), has(0.85)]
    ind = {"depth": int(r.integers(1, 6)), "threshold": float(r.choice([0.05, 0.2, 0.5])), "epsilon": float(r.choice([1e-3, 1e-2, 1e-6]))} if kind == "inductive" else None
    H = None
    if ind:
        H = [np.eye(n)[r.integers(n)] if r.random() < 0.8 else np.zeros(n) for n in ns]
    T = int(r.integers(4, 9))
    lr = lambda: float(r.choice([0.1, 0.3, 0.7, 1.0, 2.5]))
    arr = lambda x: {"shape": list(x.shape), "data": [x_.item() for x_ in np.asarray(x).ravel()]}
    arrs = lambda xs: None if xs is None else [arr(x) for x in xs]
    gamma = float(r.choice([1.0, 4.0, 16.0]))
    return {
        "format": "aif-golden/1", "name": f"{kind}_{seed}", "split": "generated",
        "description": f"random model of kind {kind}, seed {seed}",
        "model": {"num_obs": no, "num_states": ns, "num_controls": nc, "A": arrs(A), "B": arrs(B), "C": arrs(C), "D": arrs(D),
                  "E": None if E is None else arr(E), "pA": arrs(pA), "pB": arrs(pB), "pD": arrs(pD), "H": arrs(H),
                  "A_dependencies": adeps, "B_dependencies": bdeps},
        "options": {"policy_len": plen, "use_utility": uses[0], "use_states_info_gain": uses[1], "use_param_info_gain": pgain,
                    "gamma": gamma, "alpha": 16.0, "inference_algo": "MMP" if kind in ("mmp", "sequence") else "VANILLA",
                    "inference_horizon": int(r.integers(2, T)) if kind == "mmp" else 1, "num_iter_v0": 10, "dF_tol_v0": 0.001, "num_iter_v1": 16,
                    "action_selection": "deterministic", "sampling_mode": "full" if has(0.4) else "marginal",
                    "lr_pA": lr(), "lr_pB": lr(), "lr_pD": lr(), "learn_A": lA, "learn_B": lB, "learn_D": lD,
                    "use_inductive": ind is not None, "inductive": ind, "T": T, "seed": seed},
        "policies": arr(P), "observations": [], "actions": [], "runs": {},
    }, rundeps, r


def world(d, r):
    """Observations of a process that is mostly the model's; now and then one at random."""
    m = d["model"]
    R = lambda x: np.array(x["data"]).reshape(x["shape"])
    A, B, D = ([R(x) for x in m[k]] for k in "ABD")
    nf = len(D)
    ad = m["A_dependencies"] or [list(range(nf))] * len(A)
    bd = m["B_dependencies"] or [[f] for f in range(nf)]
    draw = lambda p: int(r.choice(len(p), p=p / p.sum()))
    state = [draw(x) for x in D]
    while True:
        obs = [int(r.integers(len(a))) if r.random() < 0.03 else draw(a[(slice(None),) + tuple(state[f] for f in dep)]) for a, dep in zip(A, ad)]
        u = yield obs
        state = [draw(b[(slice(None),) + tuple(state[g] for g in dep) + (u[f],)]) for f, (b, dep) in enumerate(zip(B, bd))]


def choose(d, q_pi):
    P = np.array(d["policies"]["data"]).reshape(d["policies"]["shape"])
    if d["options"]["sampling_mode"] == "full":
        best = P[int(np.argmax(q_pi)), 0]
        others = [q for q, p in zip(q_pi, P[:, 0]) if tuple(p) != tuple(best)]
        return [int(u) for u in best], float(q_pi.max() - max(others)) if others else 1.0
    action, margin = [], 1.0
    for f, n in enumerate(d["model"]["num_controls"]):
        marginal = np.array([q_pi[P[:, 0, f] == k].sum() for k in range(n)])
        action.append(int(np.argmax(marginal)))
        if n > 1:
            top = np.sort(marginal)
            margin = min(margin, float(top[-1] - top[-2]))
    return action, margin


L = lambda xs: [[float(v) for v in np.asarray(x).ravel()] for x in xs]
F = lambda x: [float(v) for v in np.asarray(x).ravel()]


def loop(d, r, run):
    """Drives `run` (a generator: obs -> step -> executed action -> ...) through the episode."""
    first = not d["observations"]
    source = world(d, r) if first else None
    steps, obs = [], next(source) if first else None
    for t in range(d["options"]["T"]):
        if first:
            d["observations"].append(obs)
        run.send(None) if t == 0 else None
        step = run.send((t, d["observations"][t]))
        action, margin = choose(d, np.array(step["q_pi"]))
        got = step.pop("own", action)
        assert got == action or margin < 1e-9, (got, action, margin)
        step.update(action=action, action_margin=margin)
        steps.append(step)
        if first:
            d["actions"].append(action)
            obs = source.send(action)
        run.send(d["actions"][t])
    end = run.send(None)
    return {"steps": steps, **(end or {})}


def old_runs(d, r):
    from pymdp import control, utils
    from pymdp.agent import Agent
    import pymdp.algos.fpi as fpi
    from pymdp.maths import calc_free_energy, spm_log_obj_array, spm_log_single, get_joint_likelihood
    m, o = d["model"], d["options"]
    seen = []
    original = calc_free_energy

    def counted(*args):
        seen.append(original(*args))
        return seen[-1]

    fpi.calc_free_energy = counted

    def oa(xs):
        if xs is None:
            return None
        y = utils.obj_array(len(xs))
        for i, x in enumerate(xs):
            y[i] = np.array(x["data"], float).reshape(x["shape"])
        return y

    P = np.array(d["policies"]["data"]).reshape(d["policies"]["shape"])
    make = lambda: Agent(
        oa(m["A"]), oa(m["B"]), C=oa(m["C"]), D=oa(m["D"]), E=np.array(m["E"]["data"]) if m["E"] else None, pA=oa(m["pA"]), pB=oa(m["pB"]), pD=oa(m["pD"]),
        policy_len=o["policy_len"], policies=[p for p in P], inference_horizon=o["inference_horizon"], gamma=o["gamma"], use_utility=o["use_utility"],
        use_states_info_gain=o["use_states_info_gain"], use_param_info_gain=o["use_param_info_gain"], sampling_mode=o["sampling_mode"],
        inference_algo=o["inference_algo"], lr_pA=o["lr_pA"], lr_pB=o["lr_pB"], lr_pD=o["lr_pD"], num_controls=m["num_controls"])

    def fixed_point(exact):
        a = make()
        if exact:
            a.inference_params.update(num_iter=16, dF_tol=0.0)
        first = before = None
        answer = None
        while True:
            got = yield answer
            if got is None:
                break
            t, obs = got
            prior = control.get_expected_states(a.qs, a.B, a.action.reshape(1, -1))[0] if a.action is not None else a.D
            seen.clear()
            A_before = a.A
            qs = a.infer_states(obs)
            first = qs if first is None else first
            step = {"t": t, "prior": L(prior), "qs": L(qs)}
            if len(qs) == 1:
                lik = spm_log_single(get_joint_likelihood(A_before, utils.process_observation(tuple(obs), len(A_before), a.num_obs), a.num_states))
                step["F"] = float(np.asarray(original(qs, spm_log_obj_array(prior), 1, lik)).item())
            else:
                step["F"] = float(np.asarray(seen[-1]).item())
            step["fpi_iters"] = max(len(seen) - 1, 0)
            if t > 0 and o["learn_B"]:
                a.update_B(before)
            if o["learn_A"]:
                a.update_A(obs)
            if (o["learn_A"] or o["learn_B"]) and not exact:
                if a.pA is not None:
                    step["pA"] = L(a.pA)
                if a.pB is not None:
                    step["pB"] = L(a.pB)
            q_pi, G = a.infer_policies()
            step.update(neg_efe=F(G), q_pi=F(q_pi))
            if t == 0 and not exact:
                step["terms"] = terms(a, qs)
            step["own"] = [int(u) for u in a.sample_action()]
            before = qs
            u = yield step
            a.action = np.array(u, float)
            answer = None
        end = {}
        if o["learn_D"]:
            a.update_D(first)
            end["final_pD"] = L(a.pD)
        yield end

    def terms(a, qs):
        rows = {"utility": [], "states_info_gain": [], "param_info_gain": []}
        for p in a.policies:
            qp = control.get_expected_states(qs, a.B, p)
            qo = control.get_expected_obs(qp, a.A)
            rows["utility"].append(float(control.calc_expected_utility(qo, a.C)))
            rows["states_info_gain"].append(float(control.calc_states_info_gain(a.A, qp)))
            gain = 0.0
            if a.pA is not None:
                gain += control.calc_pA_info_gain(a.pA, qo, qp)
            if a.pB is not None:
                gain += control.calc_pB_info_gain(a.pB, qp, qs, p)
            rows["param_info_gain"].append(float(np.asarray(gain).ravel()[0]))
        if a.pA is None and a.pB is None:
            del rows["param_info_gain"]
        return rows

    def window():
        a = make()
        answer = None
        while True:
            got = yield answer
            if got is None:
                break
            t, obs = got
            step = {"t": t, "latest_belief": L(a.latest_belief)}
            qs = a.infer_states(obs)
            step["qs_pi"] = [[L(q) for q in policy] for policy in qs]
            step["F"] = F(a.F)
            q_pi, G = a.infer_policies()
            step.update(neg_efe=F(G), q_pi=F(q_pi))
            step["own"] = [int(u) for u in a.sample_action()]
            u = yield step
            a.action = np.array(u, float)
            a.prev_actions[-1] = a.action
            answer = None
        end = {}
        if o["learn_D"]:
            a.update_D()
            end["final_pD"] = L(a.pD)
        yield end

    if o["inference_algo"] == "MMP":
        d["runs"]["pymdp-0.0.7.1"] = loop(d, r, window())
    else:
        d["runs"]["pymdp-0.0.7.1"] = loop(d, r, fixed_point(False))
        if len(m["num_states"]) > 1:
            d["runs"]["pymdp-0.0.7.1-fpi16"] = loop(d, r, fixed_point(True))


def new_runs(d, r, rundeps):
    import jax
    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp
    from pymdp import control
    from pymdp.agent import Agent
    m, o = d["model"], d["options"]
    arrays = lambda xs: None if xs is None else [jnp.array(np.array(x["data"], float).reshape(x["shape"])) for x in xs]
    nf = len(m["num_states"])
    P = np.array(d["policies"]["data"]).reshape(d["policies"]["shape"])

    def make(algo, deps):
        A, pA = arrays(m["A"]), arrays(m["pA"])
        if deps:
            cut = lambda xs: xs and [x[(slice(None),) + tuple(slice(None) if f in dep else 0 for f in range(nf))] for x, dep in zip(xs, deps)]
            A, pA = cut(A), cut(pA)
        C = [c.T if c.ndim == 2 else c for c in arrays(m["C"])]
        ind = o["inductive"] or {}
        return Agent(
            A, arrays(m["B"]), C=C, D=arrays(m["D"]), E=jnp.array(m["E"]["data"]) if m["E"] else None, pA=pA, pB=arrays(m["pB"]),
            H=arrays(m["H"]), A_dependencies=deps or m["A_dependencies"], B_dependencies=m["B_dependencies"], policy_len=o["policy_len"],
            gamma=o["gamma"], alpha=o["alpha"], use_utility=o["use_utility"], use_states_info_gain=o["use_states_info_gain"],
            use_param_info_gain=o["use_param_info_gain"], use_inductive=o["use_inductive"], sampling_mode=o["sampling_mode"], inference_algo=algo,
            num_iter=o["num_iter_v1"], learn_A=o["learn_A"], learn_B=o["learn_B"],
            **({"inductive_depth": ind["depth"], "inductive_threshold": ind["threshold"], "inductive_epsilon": ind["epsilon"]} if ind else {}))

    def terms(a, qs):
        def one(**on):
            flags = dict(use_utility=False, use_states_info_gain=False, use_param_info_gain=False, use_inductive=False)
            flags.update(on)
            none = lambda xs: None if xs is None else [x[0] for x in xs]
            return F(control.update_posterior_policies_inductive(
                jnp.array(P), [q[0, -1] for q in qs], none(a.A), none(a.B), none(a.C), a.E[0], none(a.pA), none(a.pB),
                A_dependencies=a.A_dependencies, B_dependencies=a.B_dependencies, I=none(a.I), inductive_epsilon=a.inductive_epsilon[0], **flags)[1])
        out = {"utility": one(use_utility=True), "states_info_gain": one(use_states_info_gain=True)}
        if a.pA is not None or a.pB is not None:
            out["param_info_gain"] = one(use_param_info_gain=True)
        if a.use_inductive:
            out["inductive_value"] = one(use_inductive=True)
        return out

    def plan(a, qs, step):
        q_pi, G = a.infer_policies(qs)
        step.update(neg_efe=F(G), q_pi=F(q_pi))
        if step["t"] == 0:
            step["terms"] = terms(a, qs)
        step["own"] = [int(u) for u in np.asarray(a.sample_action(q_pi))[0]]

    def fixed_point(deps):
        a = make("fpi", deps)
        answer, prior, before, u = None, a.D, None, None
        while True:
            got = yield answer
            if got is None:
                break
            t, obs = got
            obs = [jnp.array([x]) for x in obs]
            if t:
                prior = a.update_empirical_prior(jnp.array([u]), before)
            qs, info = a.infer_states(obs, prior, return_info=True)
            step = {"t": t, "prior": L(prior), "qs": L([q[0, -1] for q in qs]), "F": float(info["vfe"][0])}
            if o["learn_A"] or o["learn_B"]:
                both = [jnp.concatenate([p, q], 1) for p, q in zip(before, qs)] if t else None
                a = a.infer_parameters(qs, [x[:, None] for x in obs], jnp.array([[u]]) if t else None, beliefs_B=both,
                                       lr_pA=o["lr_pA"], lr_pB=o["lr_pB"]) if t or not o["learn_B"] else learn_first(a, qs, obs)
                if a.pA is not None:
                    step["pA"] = L(a.pA)
                if a.pB is not None:
                    step["pB"] = L(a.pB)
            plan(a, qs, step)
            before = qs
            u = yield step
            answer = None
        yield {}

    def learn_first(a, qs, obs):
        """Without a transition yet only A is learned."""
        import equinox as eqx
        from dataclasses import replace
        if not o["learn_A"]:
            return a
        b = make("fpi", None if a.A_dependencies == m["A_dependencies"] else rundeps)
        object.__setattr__(b, "learn_B", False)
        b = b.infer_parameters(qs, [x[:, None] for x in obs], None, lr_pA=o["lr_pA"])
        return eqx.tree_at(lambda x: (x.A, x.pA), a, (b.A, b.pA))

    def window(algo):
        a = make(algo, None)
        answer, seen, done = None, [], []
        while True:
            got = yield answer
            if got is None:
                break
            t, obs = got
            seen.append(obs)
            history = [jnp.array([[x[i] for x in seen]]) for i in range(len(obs))]
            past = jnp.array([done]) if done else None
            qs, info = a.infer_states(history, a.D, past_actions=past, return_info=True)
            step = {"t": t, "qs_seq": [[F(row) for row in q[0]] for q in qs], "F": float(info["vfe"][0])}
            plan(a, qs, step)
            u = yield step
            done.append(u)
            answer = None
        yield {}

    if o["inference_algo"] == "MMP":
        for algo in ("mmp", "vmp"):
            d["runs"][f"pymdp-1.0.4-{algo}"] = loop(d, r, window(algo))
    else:
        d["runs"]["pymdp-1.0.4"] = loop(d, r, fixed_point(None))
        if rundeps:
            d["runs"]["pymdp-1.0.4-Adeps"] = {"A_dependencies": rundeps, **loop(d, r, fixed_point(rundeps))}


def main():
    folder, kind, first, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    os.makedirs(folder, exist_ok=True)
    if OLD and kind in MODERN_ONLY:
        return
    for seed in range(first, first + count):
        path = os.path.join(folder, f"{kind}_{seed}.json")
        d, rundeps, r = model(kind, seed)
        if not OLD and kind not in MODERN_ONLY:
            with open(path) as file:
                d = json.load(file)
        try:
            with np.errstate(all="ignore"):
                old_runs(d, r) if OLD else new_runs(d, r, rundeps)
            text = json.dumps(d, allow_nan=False, separators=(",", ":"))
        except Exception as error:
            if OLD:
                # What 0.0.7.1 cannot run (factors of one state, among others) is left to 1.0.4.
                with open(path, "w") as file:
                    json.dump(model(kind, seed)[0], file)
            print(f"{kind}_{seed}: left out: {type(error).__name__}: {str(error)[:120]}", flush=True)
            continue
        with open(path, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main()
