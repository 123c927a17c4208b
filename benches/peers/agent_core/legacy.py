"""pymdp 0.0.7.1: its numpy Agent, one agent after the other."""

import time

import numpy as np
from protocol import serve
from pymdp.agent import Agent


class Session:
    note = "numpy, f64"

    def __init__(self, problem):
        if problem["profile"] != "legacy":
            raise ValueError("this line of pymdp has the legacy profile only")
        self.problem = problem
        model = problem["model"]
        self.actions = [
            np.array(actions).reshape(len(life), -1)
            for actions, life in zip(problem["actions"], problem["observations"])
        ]
        self.arrays = {name.upper(): object_array(model[name]) for name in "abcd"}

    def agent(self):
        problem = self.problem
        agent = Agent(**self.arrays, policy_len=problem["policy_len"], gamma=problem["gamma"])
        agent.inference_params = {
            "num_iter": problem["num_iter"],
            "dF": 1.0,
            "dF_tol": problem["df_tolerance"],
        }
        return agent

    def live(self):
        """The nanoseconds of every agent's life; the agents; what they did."""
        lives = self.problem["observations"]
        agents = [self.agent() for _ in lives]
        choices = [[] for _ in lives]
        began = time.perf_counter_ns()
        for agent, observations, actions, chosen in zip(agents, lives, self.actions, choices):
            for observation, action in zip(observations, actions):
                agent.infer_states(observation)
                agent.infer_policies()
                chosen.append(agent.sample_action())
                agent.action = action
        return time.perf_counter_ns() - began, agents, choices

    def measure(self, repeats):
        ns = sum(self.live()[0] for _ in range(repeats))
        return ns, repeats * sum(len(life) for life in self.problem["observations"])

    def answer(self):
        _, agents, choices = self.live()
        return {
            "choices": [[int(u) for action in life for u in action] for life in choices],
            "numbers": {
                "beliefs": [np.concatenate(list(agent.qs)).tolist() for agent in agents],
                "policies": [agent.q_pi.tolist() for agent in agents],
            },
        }


def object_array(arrays):
    result = np.empty(len(arrays), dtype=object)
    for index, array in enumerate(arrays):
        result[index] = np.array(array["data"]).reshape(array["shape"])
    return result


serve(Session)
