"""Writes the .npz files of this folder: python make.py. Made with numpy 1.26.4."""
import numpy as np

A = [np.array([[[0.9, 0.2, 0.5], [0.5, 0.5, 0.25]], [[0.1, 0.8, 0.5], [0.5, 0.5, 0.75]]]), np.array([[0.75, 0.5], [0.25, 0.5]])]
B = [np.stack([np.eye(2), np.eye(2)[::-1]], -1), np.roll(np.eye(3), 1, 0)[:, :, None]]
C = [np.array([0.0, 2.0]), np.array([[0.0, 1.0], [-1.0, 0.5]])]
D = [np.array([0.5, 0.5]), np.array([1.0, 0.0, 0.0])]
model = {f"{name}_{i}": x for name, xs in zip("ABCD", (A, B, C, D)) for i, x in enumerate(xs)}
model |= {"E": np.array([0.25, 0.25, 0.25, 0.25]), "A_dependencies_0": np.array([0, 1]), "A_dependencies_1": np.array([0])}
np.savez("plain.npz", **model, pA_0=4 * A[0], pA_1=4 * A[1])

# The same numbers in Fortran order, big-endian, as f4 and integers where they are exact; deflated.
odd = {name: np.asfortranarray(x) for name, x in model.items()}
odd["A_0"] = np.asfortranarray(A[0]).astype(">f8")
odd["A_1"] = A[1].astype(">f4")
odd["B_0"] = np.asfortranarray(B[0]).astype(">i2")
odd["B_1"] = B[1].astype(bool)
odd["C_0"] = C[0].astype("<f4")
odd["D_1"] = D[1].astype("u1")
odd["A_dependencies_0"] = np.array([0, 1], ">u4")
odd["A_dependencies_1"] = np.array([0], "i1")
np.savez_compressed("odd.npz", **odd, pA_0=4 * A[0], pA_1=4 * A[1])

objects = np.empty(2, object)
objects[:] = A
np.savez("objects.npz", A_0=objects, B_0=B[0], C_0=C[0], D_0=D[0])

np.savez("trace.npz", observations=np.array([[0, 1], [1, 0]]), actions=np.array([[1, 0], [0, 0]], "u1"),
         qs_0=np.array([[0.5, 0.5], [0.25, 0.75]]), qs_1=np.array([[1.0, 0, 0], [0, 1, 0]], order="F"),
         q_pi=np.full((2, 4), 0.25), neg_efe=-np.arange(8.0).reshape(2, 4))
