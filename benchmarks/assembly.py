"""Whether the kernel is vector code, and gives the same bits whatever it is compiled to.

    python benchmarks/assembly.py                 # about a minute; exits with 1 if a check fails
    python benchmarks/assembly.py --show haswell  # the hottest loop itself

In processes of their own, with empty caches, the kernel is compiled for this processor, for AVX2 and for nothing beyond the
architecture's base. Its hottest loop, the one that draws random words, must use the widest registers and no 64-bit arithmetic in
general ones, and runs of several widths, rates and networks must come out with equal bits.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np

KERNEL = "_step"  # in scfast.lanes: what counts, draws and moves
# Numba adds all that the host has to whatever processor is named, unless it is told the features as well
TARGETS = {
    "native": {},
    "haswell": {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""},
    "generic": {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
}
VECTOR = re.compile(r"%[xyz]mm\d+")
# lanes taken out of vectors or put into them, or rotated in general registers
FALLBACK = re.compile(r"^(v?p(extr|insr)q|v?movq\s+(%r.*%xmm|%xmm\d+, %r)|rolq|rorq|rorxq|shldq|shrdq)")
DRAWS = re.compile(r"^v?paddq")


def instructions_of(lines: list[str]) -> list[str]:
    """Without labels and directives."""
    return [line.strip() for line in lines if line.startswith("\t") and not line.strip().startswith((".", "#"))]


def body(assembly: str) -> list[str]:
    """The lines of the function with the most vector instructions: what Numba puts around the kernel has few."""
    functions = re.split(r"^\.?Lfunc_end\d+:.*$", assembly, flags=re.MULTILINE)
    return max(functions, key=lambda text: len(VECTOR.findall(text))).splitlines()


def loops(lines: list[str]) -> list[list[str]]:
    """Innermost loops: from a label to the last jump back to it, with no other such loop inside."""
    labels = {line.split(":")[0]: k for k, line in enumerate(lines) if re.match(r"\.?L\w+:", line)}
    ends: dict[int, int] = {}
    for k, line in enumerate(lines):
        jump = re.match(r"\tj\w+\s+(\S+)", line)
        if jump and labels.get(jump[1], k) < k:
            ends[labels[jump[1]]] = k
    spans = list(ends.items())
    inner = [(a, b) for a, b in spans if not any((a, b) != (c, d) and a <= c and d <= b for c, d in spans)]
    return [lines[a : b + 1] for a, b in inner]


def hottest(lines: list[str]) -> list[str]:
    """The innermost loop that draws: the only ones that add vectors are those of the generator; of these, the longest."""
    drawing = [loop for loop in loops(lines) if any(DRAWS.match(line) for line in instructions_of(loop))]
    return max(drawing, key=len, default=[])


def tally(lines: list[str]) -> dict[str, int]:
    """Instructions by kind."""
    all_ = instructions_of(lines)
    vector = [line for line in all_ if VECTOR.search(line)]
    return {
        **{name: sum(f"%{name}" in line for line in vector) for name in ("zmm", "ymm", "xmm")},
        "vpternlog": sum(line.startswith("vpternlog") for line in vector),
        "vector": len(vector),
        "scalar": len(all_) - len(vector),
        "stack": sum("(%rsp" in line or "(%rbp)" in line for line in vector),
        "fallback": sum(bool(FALLBACK.match(line)) for line in all_),
    }


def digest() -> str:
    """Of counts, maps and last states of runs that take every way through the kernels."""
    import scfast as sf

    scale_free = sf.grow(sf.BarabasiAlbert(3), n_nodes=300, seed=1)
    large = sf.grow(sf.BarabasiAlbert(3), n_nodes=20_000, seed=1)
    hubs = sf.Network.from_edges([(a, b) for a in range(6) for b in range(6, 200) if (a * b) % 5], n_nodes=200)
    spread = np.linspace(0.01, 0.5, 300)
    cases: list[tuple[Any, Any, float]] = [
        (scale_free, sf.SIRS(beta=0.1, gamma=0.1, xi=0.05, delta=0.0), 0.01),
        (scale_free, sf.SIRS(beta=spread, gamma=spread[::-1], xi=0.1, delta=0.01, epsilon=0.01), 0.1),
        (scale_free, sf.SIRS(beta=0.01, gamma=0.3, xi=0.05, delta=0.02), 3),
        (hubs, sf.SIRS(beta=0.02, gamma=0.2, xi=0.2, delta=0.001), 0.05),
        (large, sf.SIRS(beta=0.02, gamma=0.2, xi=0.1, delta=0.01), 2),  # in lists: few are infected
        (hubs, sf.SIRS(beta=1.0, gamma=0.5, xi=1.0, delta=0.5, epsilon=0.001), 0.5),
    ]
    found = hashlib.sha256()
    for network, model, initial in cases:
        for lanes in (512, 40, 100, 200, 700):
            run = sf.simulate(network, model, 60, lanes, seed=lanes, initial=initial, by_type=True, keep_final=True)
            for array in (run.counts, run.infected_steps, run.ever_infected, run.ever_eliminated, run.final):
                found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def child() -> None:
    """Compile, look, run."""
    import scfast as sf
    from scfast import lanes

    sf.simulate(sf.grow(sf.BarabasiAlbert(2), n_nodes=20, seed=1), sf.SIRS(), 2, 512, seed=1)  # the widest word alone
    assembly = "\n".join(getattr(lanes, KERNEL).inspect_asm().values())
    lines = body(assembly)
    loop = hottest(lines)
    print(json.dumps({"loop": tally(loop), "kernel": tally(lines), "text": loop, "digest": digest()}))


def examine(target: str) -> dict[str, Any]:
    """What the child process says."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA_CPU")}
        environment |= {**TARGETS[target], "SCFAST_CACHE_DIR": folder}
        command = [sys.executable, __file__, "--child"]
        return json.loads(subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout)


def is_vector_code(target: str, loop: dict[str, int]) -> bool:
    """Whether a loop is what its target allows; the base, if it is x86-64, has 128 bits."""
    if loop["fallback"] or not loop["vector"]:
        return False
    if loop["zmm"]:
        return target == "native" and loop["ymm"] == 0 and loop["vpternlog"] > 0
    return target == "generic" or loop["ymm"] > loop["xmm"]


def main() -> None:
    """Print a table and the verdicts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--show", choices=TARGETS, help="print the hottest loop for this target")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        child()
        return
    if args.show:
        print("\n".join(examine(args.show)["text"]))
        return
    found = {target: examine(target) for target in TARGETS}
    print(f"lanes.{KERNEL}, 512 lanes: instructions in the loop that draws / in the whole kernel\n")
    print("| compiled for | zmm | ymm | xmm | vpternlog | vector | scalar | vector, stack | scalar on lanes | |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    passed = []
    for target, said in found.items():
        passed.append(is_vector_code(target, said["loop"]))
        figures = " | ".join(f"{said['loop'][name]} / {said['kernel'][name]}" for name in said["loop"])
        print(f"| {target} | {figures} | {'vector code' if passed[-1] else '**not vector code**'} |")
    equal = len({said["digest"] for said in found.values()}) == 1
    print(f"\nBits of 30 runs: {'the same for all' if equal else 'DIFFERENT'}")
    for target, said in found.items():
        print(f"  {said['digest'][:16]} {target}")
    sys.exit(int(not (equal and all(passed))))


if __name__ == "__main__":
    main()
