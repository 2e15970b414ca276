"""Bad input of every kind: what lies in the folder, what is called, and what the one line on standard error must say.

Read by tests/test_cli.py, and by benchmarks/bad_input.py, which calls each in a process of its own.
"""

from __future__ import annotations

from bad_calls import BOTH, EDGES, FEW, FILE, NODES, RUN, TINY, Bad, called, changed, configured, drawn, grown, left, listed
from bad_calls import contents as contents
from bad_risk import JUDGMENTS, REGISTER, SCORES, SHOCKS, STRATEGIES
from bad_study import TOPOLOGY

SECTIONS = {
    "unknown section": configured("[dynamic]\nbeta=0.1\n", "[dynamic]: unknown section, did you mean 'dynamics'?"),
    "key outside a section": configured("beta=0.1\n", "beta = 0.1: outside a section, valid: network, dynamics, "),
    "number for a section": configured("run=3\n", "run = 3: must be a section, [run]"),
    "section twice": configured("[run]\nsteps=1\n[run]\nseed=1\n", "line 3, column 5: not TOML, cannot declare ('run',) twice"),
    "not TOML": configured("[dynamics\n", "line 1, column 10: not TOML, expected ']' at the end of a table declaration"),
    "value missing": configured("[run]\nsteps=\n", "line 2, column 7: not TOML, invalid value"),
    "NUL in the configuration": configured("[run]\n\0\n", "line 2, column 1: not TOML, invalid statement"),
    "configuration not UTF-8": configured(b"[run]\n# \xe9t\xe9\n", "not UTF-8 text, at byte 8"),
    "configuration in UTF-16": configured("[run]\nsteps=3\n".encode("utf-16"), "not UTF-8 text, at byte 0"),
    "endless nesting": configured(f"[run]\nseed={'[' * 5000}{']' * 5000}\n", "nested too deeply"),
    "endless dotted key": configured(f"[dynamics]\nbeta{'.a' * 5000}=1\n", "nested too deeply"),
    "number of 5,000 digits": configured(f"[run]\nseed={'9' * 5000}\n", "text: not TOML, exceeds the limit (4300 digits) "),
    "hexadecimal number of 5,000 digits": configured(
        f"[run]\nseed=0x{'f' * 5000}\n", "run.seed = a number of more than 4300 digits: must be at most "
    ),
}

NETWORK = {
    "unknown kind": configured("[network]\nkind='ring'\n", "network.kind = 'ring': must be one of 'dual_local_world', "),
    "kind in a list": configured("[network]\nkind=['file']\n", "network.kind = ['file']: must be one of 'dual_local_world', "),
    "key of another kind": configured("[network]\ntheta=1\nkind='barabasi_albert'\n", "network.theta = 1: belongs to kind = "),
    "nodes for n_nodes": configured("[network]\nnodes=30\n", "network.nodes = 30: unknown key where kind is 'dual_local_world', "),
    "no nodes": configured("[network]\nn_nodes=0\n", "network.n_nodes = 0: must be at least 1"),
    "half a node": configured("[network]\nn_nodes=99.5\n", "network.n_nodes = 99.5: must be a whole number"),
    "infinitely many nodes": configured("[network]\nn_nodes=inf\n", "network.n_nodes = inf: must be at most 2147483647"),
    "fewer nodes than the start": configured("[network]\nn_nodes=5\n", "network.n_nodes = 5: must be at least 10, "),
    "more nodes than memory": grown(
        "[network]\nn_nodes=2000000000\n[run]\nreplicates=2\n", "network.n_nodes = 2000000000: must be at most "
    ),
    "one type": configured("[network]\ntypes=['a']\n", "network.types = ['a']: must hold 2 to 16 names"),
    "type twice": configured("[network]\ntypes=['a','a']\n", "network.types = ['a', 'a']: must not name a type twice"),
    "type without a name": configured("[network]\ntypes=['a','']\n", "network.types = ['a', '']: must be a list of names"),
    "type with an endless name": configured(
        f"[network]\ntypes=['a','{'b' * 5000}']\n", f"network.types[1] = '{'b' * 56}...: must be at most 1000 characters"
    ),
    "NUL in a type": configured(
        '[network]\ntypes=["a","b\\u0000"]\n', "network.types[1] = 'b\\x00': must be at most 1000 characters, none of them NUL"
    ),
    "start of another length": configured("[network]\nstart=[4,3]\n", "network.start = [4, 3]: must have 4 values, one per type"),
    "empty start": configured("[network]\nstart=0\n", "network.start = [0, 0, 0, 0]: must not be all 0"),
    "negative share": configured("[network]\nshares=[1,1,1,-1]\n", "network.shares[3] = -1: must be at least 0"),
    "shares all 0": configured("[network]\nshares=[0,0,0,0]\n", "network.shares = [0.0, 0.0, 0.0, 0.0]: must not be all 0"),
    "exponent that is none": configured("[network]\nexponent=nan\n", "network.exponent = nan: must be a number"),
    "infinite exponent": configured("[network]\nexponent=inf\n", "network.exponent = inf: must be finite"),
    "fitness from 0": configured("[network]\neta_min=0\n", "network.eta_min = 0: must be more than 0"),
    "threshold true": configured("[network]\ntheta=true\n", "network.theta = True: must be a number"),
    "empty local world": configured("[network]\nlocal_world=0\n", "network.local_world = 0: must be at least 1"),
    "partners by an unknown type": configured("[network]\nm={brnd=1}\n", "network.m.brnd = 1: no such type, did you mean 'brand'?"),
    "partners of some types": configured(
        "[network]\nm={brand=1}\n", "network.m = {'brand': 1}: must give a value for every type, "
    ),
    "no partners": configured("[network]\nkind='barabasi_albert'\nm=0\n", "network.m = 0: must be at least 1"),
    "partners in text": configured("[network]\nm_crossing='4'\n", "network.m_crossing = '4': must be a number"),
}

DYNAMICS = {
    "unknown key": configured("[dynamics]\nbta=0.1\n", "dynamics.bta = 0.1: unknown key, did you mean 'beta'?"),
    "out of bounds": configured("[dynamics]\nbeta=1.5\n", "dynamics.beta = 1.5: must be at most 1"),
    "negative rate": configured("[dynamics]\nxi=-0.1\n", "dynamics.xi = -0.1: must be at least 0"),
    "rate that is no number": configured("[dynamics]\nepsilon=nan\n", "dynamics.epsilon = nan: must be a number"),
    "infinite rate": configured("[dynamics]\nbeta=inf\n", "dynamics.beta = inf: must be at most 1"),
    "rate true": configured("[dynamics]\nbeta=true\n", "dynamics.beta = True: must be a number"),
    "date for a rate": configured("[dynamics]\nbeta=2020-01-01\n", "dynamics.beta = datetime.date(2020, 1, 1): must be a number"),
    "rate in quotes": configured(
        "[dynamics]\nbeta='0.1'\n", "dynamics.beta = '0.1': must be a number (text names a node attribute)"
    ),
    "rate of no characters": configured("[dynamics]\nbeta=''\n", "dynamics.beta = '': must not be empty"),
    "attribute of a grown network": configured("[dynamics]\nbeta='risk'\n", "dynamics.beta = 'risk': no such node attribute, "),
    "exits over one": configured("[dynamics]\ngamma=0.7\ndelta=0.6\n", "dynamics.gamma + delta = 1.3: must be at most 1"),
    "rate of no type": configured("[dynamics]\nbeta={}\n", "dynamics.beta = {}: must not be empty"),
    "rate of a type out of bounds": configured("[dynamics]\nbeta={brand=2}\n", "dynamics.beta.brand = 2: must be at most 1"),
    "rates of some types": configured(
        "[dynamics]\nbeta={brand=0.1}\n", "dynamics.beta = {'brand': 0.1}: must give a value for every type, 'purchaser' "
    ),
    "exits over one for a type": configured(
        "[dynamics]\ngamma={brand=0.9,purchaser=0,platform=0,logistics=0}\ndelta=0.2\n",
        "dynamics.gamma.brand + delta.brand = 1.1: must be at most 1",
    ),
    "rates of some nodes": configured(
        "[dynamics]\nbeta=[0.1]\n", "dynamics.beta = an array of shape (1,): must have one value for each of the 1000 nodes"
    ),
    "rates of no node": configured(
        "[dynamics]\nbeta=[]\n", "dynamics.beta = an array of shape (0,): must have one value for each of the 1000 nodes"
    ),
    "rate of a node out of bounds": configured("[dynamics]\nbeta=[0.1,1.1]\n", "dynamics.beta[1] = 1.1: must be at most 1"),
    "rate of a node that is no number": configured("[dynamics]\nbeta=[nan]\n", "dynamics.beta[0] = nan: must be a number"),
    "rate of a node true": configured("[dynamics]\nbeta=[0.1,true]\n", "dynamics.beta[1] = True: must be a number"),
    "rate of a node in text": configured(
        "[dynamics]\nbeta=[0.1,'x']\n", "dynamics.beta = [0.1, 'x']: must be a 1-D array of numbers, "
    ),
    "rates in rows": configured(
        "[dynamics]\nbeta=[[0.1],[0.2]]\n", "dynamics.beta = [[0.1], [0.2]]: must be a 1-D array of numbers"
    ),
    "rates of different numbers of nodes": configured(
        "[dynamics]\ngamma=[0.1,0.1]\ndelta=[0.1]\n",
        "dynamics.delta = an array of shape (1,): must have as many values as gamma, 2",
    ),
    "unknown exposure": configured("[dynamics]\nexposure='both'\n", "dynamics.exposure = 'both': must be one of 'per_partner', "),
}

INITIAL = {
    "more than all infected": configured("[initial]\ninfected=1.5\n", "initial.infected = 1.5: must be at most 1 as a fraction; "),
    "fewer than none infected": configured("[initial]\ninfected=-1\n", "initial.infected = -1: must be at least 0"),
    "infected true": configured("[initial]\ninfected=true\n", "initial.infected = True: must be a number"),
    "infected in text": configured("[initial]\ninfected='all'\n", "initial.infected = 'all': must be a number"),
    "infected that is no number": configured("[initial]\ninfected=nan\n", "initial.infected = nan: must be a number"),
    "more infected than nodes": configured("[initial]\ninfected=1001\n", "initial.infected = 1001: must be at most 1000, "),
    "more infected than nodes of a type": grown(
        "[initial]\ninfected=900\nwithin='brand'\n[run]\nseed=1\n",
        "initial.infected = 900: must be at most 381, the number of brand nodes ",
    ),
    "chosen by the unknown": configured("[initial]\nby='size'\n", "initial.by = 'size': must be one of 'random', 'degree', "),
    "within the unknown": configured("[initial]\nwithin='bran'\n", "initial.within = 'bran': no such type, did you mean 'brand'?"),
    "within nothing": configured("[initial]\nwithin=''\n", "initial.within = '': must be a string that is not empty"),
    "no such index": configured("[initial]\nnodes=[1000]\n", "initial.nodes[0] = 1000: no such node"),
    "negative index": configured("[initial]\nnodes=[-1]\n", "initial.nodes[0] = -1: must be at least 0"),
    "node for a list": configured("[initial]\nnodes=3\n", "initial.nodes = 3: must be a list of node ids or indices"),
    "empty list of nodes": configured(
        "[initial]\nnodes=[]\n", "initial.nodes = []: must be a list of node ids or indices, at least one"
    ),
    "node twice": configured("[initial]\nnodes=[3,'3']\n", "initial.nodes[1] = '3': must not name a node twice"),
    "node true": configured("[initial]\nnodes=[true]\n", "initial.nodes[0] = True: must be a number"),
    "nodes and a number": configured(
        "[initial]\nnodes=[1]\ninfected=5\n", "initial.infected = 5: must not be given together with "
    ),
    "states of some nodes": configured(
        "[initial]\nstates=[0,1]\n", "initial.states = an array of shape (2,): must have one value for each of the 1000 nodes"
    ),
    "unknown state": configured("[initial]\nstates=[0,4]\n", "initial.states[1] = 4: must be a state: 0, 1, 2 or 3 (S, I, R, X)"),
    "infinite state": configured("[initial]\nstates=[inf]\n", "initial.states[0] = inf: must be a state: 0, 1, 2 or 3"),
    "state true": configured("[initial]\nstates=[0,true]\n", "initial.states[1] = True: must be a number"),
    "states by letter": configured(
        "[initial]\nstates=['S','I']\n", "initial.states = ['S', 'I']: must be a 1-D array of states 0..3"
    ),
}

SWEEP = {
    "sweep of the unknown": configured("[sweep]\n'dynamics.bta'=[1]\n", "sweep.dynamics.bta = [1]: unknown key, did you mean "),
    "sweep of the run": configured("[sweep]\n'run.steps'=[1]\n", "sweep.run.steps = [1]: cannot be swept: only keys of "),
    "sweep of nothing": configured(
        "[sweep]\n'dynamics.beta'=[]\n", "sweep.dynamics.beta = []: must be a list with at least one value"
    ),
    "sweep of a number": configured(
        "[sweep]\n'dynamics.beta'=0.1\n", "sweep.dynamics.beta = 0.1: must be a list with at least one "
    ),
    "sweep out of bounds": configured("[sweep]\ndynamics.beta=[0,2]\n", "sweep.dynamics.beta[1] = 2: must be at most 1"),
    "sweep of true": configured("[sweep]\ndynamics.beta=[true]\n", "sweep.dynamics.beta[0] = True: must be a number or a string"),
    "swept value twice": configured("[sweep]\ndynamics.xi=[0.1,0.1]\n", "sweep.dynamics.xi[1] = 0.1: must not be given twice"),
    "swept key twice": configured(
        "[sweep]\n'dynamics.xi'=[0.1,0.2]\ndynamics.xi=[0.1,0.3]\n",
        "sweep.dynamics.xi = [0.1, 0.3]: must not be swept together with dynamics.xi",
    ),
    "sweep of a key and a type of it": configured(
        "[dynamics]\nbeta={brand=0,purchaser=0,platform=0,logistics=0}\n[sweep]\n'dynamics.beta.brand'=[1]\n'dynamics.beta'=[0,1]\n",
        "sweep.dynamics.beta = [0, 1]: must not be swept together with dynamics.beta.brand",
    ),
    "sweep by type of one number": configured(
        "[sweep]\n'dynamics.beta.brand'=[0.1]\n",
        "sweep.dynamics.beta.brand = 0.1: dynamics.beta has no such type, it must be written ",
    ),
    "range without its number": configured(
        "[sweep]\ndynamics.xi={start=0,stop=1}\n", "sweep.dynamics.xi = {'start': 0, 'stop': 1}: "
    ),
    "range of too many": configured(
        "[sweep]\ndynamics.xi={start=0,stop=1,num=1000000}\n", "sweep.dynamics.xi.num = 1000000: must be at most 100000"
    ),
    "logarithmic range from 0": configured(
        "[sweep]\ndynamics.xi={start=0,stop=1,num=3,scale='log'}\n",
        "sweep.dynamics.xi.start = 0: must be more than 0 on a log scale",
    ),
    "range beyond all numbers": configured(
        "[sweep]\nnetwork.exponent={start=-1e308,stop=1e308,num=3}\n",
        "sweep.network.exponent.start = -1e+308: must be at least -1e+300",
    ),
    "grid of too many cells": configured(
        "[sweep]\ndynamics.xi={start=0,stop=1,num=400}\ndynamics.beta={start=0,stop=1,num=400}\n",
        "sweep = 160000 cells: must be at most 100000",
    ),
    "cell that cannot be": configured(
        "[sweep]\ndynamics.gamma=[0.1,0.999]\n",
        "sweep, at dynamics.gamma = 0.999: dynamics.gamma + delta = 1.004: must be at most 1",
    ),
    "last cells of very many": configured(
        "[sweep]\ndynamics.gamma={start=0,stop=0.9951,num=99999}\n",
        "sweep, at dynamics.gamma = 0.9951: dynamics.gamma + delta = 1.0001: must be at most 1",
    ),
}

RUNS = {
    "misspelt": configured("[run]\nstep=3\n", "run.step = 3: unknown key, did you mean 'steps'?"),
    "no steps": configured("[run]\nsteps=0\n", "run.steps = 0: must be at least 1"),
    "more steps than memory": grown("[run]\nsteps=2147483647\n", "run.steps = 2147483647: must be at most "),
    "replicates in text": configured("[run]\nreplicates='many'\n", "run.replicates = 'many': must be a number"),
    "replicates beyond 32 bits": configured("[run]\nreplicates=1e18\n", "run.replicates = 1e+18: must be at most 2147483647"),
    "too many for sums of squares": configured(
        "[network]\nn_nodes=2000000000\n[run]\nreplicates=3\n", "run.replicates = 3: must be at most 2 with 2000000000 nodes, "
    ),
    "no networks": configured("[run]\nnetworks=0\n", "run.networks = 0: must be at least 1"),
    "networks of a file": configured(FILE + "[run]\nnetworks=2\n", "run.networks = 2: must be 1 for a network from files"),
    "negative seed": configured("[run]\nseed=-1\n", "run.seed = -1: must be at least 0"),
    "seed beyond 63 bits": configured(f"[run]\nseed={2**63}\n", f"run.seed = {2**63}: must be at most {2**63 - 1}"),
    "seed true": configured("[run]\nseed=true\n", "run.seed = True: must be a number"),
    "record of the unknown": configured("[run]\nrecord=['all']\n", "run.record[0] = 'all': must be one of 'types', 'nodes', "),
    "record twice": configured("[run]\nrecord=['types','types']\n", "run.record[1] = 'types': must not be given twice"),
    "record in text": configured("[run]\nrecord='types'\n", "run.record = 'types': must be a list"),
}

FILES = {
    "no edges named": configured("[network]\nkind='file'\n", "network.edges: must be given where kind is 'file'"),
    "edges by number": configured("[network]\nkind='file'\nedges=3\n", "network.edges = 3: must be a string that is not empty"),
    "no such file": configured(FILE, "network.edges = 'edges.csv': no such file in "),
    "no such nodes file": drawn(EDGES, "c.toml: network.nodes = 'n.csv': no such file in ", "nodes='n.csv'\n"),
    "folder for edges": configured("[network]\nkind='file'\nedges='.'\n", "network.edges = '.': no such file in "),
    "NUL in a file's name": configured(
        "[network]\nkind='file'\nedges=\"e\\u0000\"\n", "network.edges = 'e\\x00': no such file in "
    ),
    "endless file name": configured(
        f"[network]\nkind='file'\nedges='{'e' * 5000}'\n", f"network.edges = '{'e' * 56}...: no such file in "
    ),
    "clean as a number": configured(FILE + "clean=1\n", "network.clean = 1: must be true or false"),
    "symmetrize in text": configured(FILE + "symmetrize='yes'\n", "network.symmetrize = 'yes': must be true or false"),
    "self-loop": drawn(EDGES + "c,c\n", "edges.csv: 1 self-loop ('c' - 'c'): must be none (clean drops them)"),
    "duplicate": drawn(EDGES + "a,b\n", "edges.csv: 1 duplicate ('a' - 'b'): must be none (clean drops them)"),
    "reversed duplicate": drawn(
        EDGES + "b,a\n",
        "edges.csv: 1 reversed duplicate ('a' - 'b'): must be none (clean drops them; symmetrize reads directed pairs)",
    ),
    "missing column": drawn("from,to\na,b\n", "edges.csv: column 'source' is missing (columns: 'from, to')"),
    "column twice": drawn("source,target,source\na,b,c\n", "edges.csv: column 'source' stands there 2 times"),
    "upper case column": drawn(
        "Source,Target\na,b\n", "edges.csv: column 'source' is missing (columns: 'Source, Target'): did you "
    ),
    "semicolons": drawn("source;target\na;b\n", "is it separated by ';'? it must be commas"),
    "empty edges file": drawn("", "edges.csv: is empty: must have a header with source,target"),
    "edges of blank lines": drawn("\n\n\n", "edges.csv: is empty: must have a header with source,target"),
    "only a header": drawn("source,target\n", "edges.csv: has no edges (and no nodes file was given)"),
    "empty endpoint": drawn(EDGES + "c,\n", "edges.csv line 4: target = '': must not be empty"),
    "blank endpoint": drawn(EDGES + "   ,c\n", "edges.csv line 4: source = '': must not be empty"),
    "endpoint of a blank that is no space": drawn(
        "source,target\na,b\n\u00a0\n", "edges.csv line 3: source = '': must not be empty"
    ),
    "field too many": drawn(EDGES + "c,d,5\n", "edges.csv: Expected 2 fields in line 4, saw 3"),
    "open quote": drawn(EDGES + 'c,"d\n', "edges.csv: EOF inside string starting at row 3"),
    "NUL in edges": drawn(EDGES + "c,d\0\n", "edges.csv line 4: holds a NUL byte, must be text"),
    "edges not UTF-8": drawn(b"source,target\na,b\xe9\n", "edges.csv: is not UTF-8: byte 0xe9 after "),
    "edges in UTF-16": drawn("source,target\na,b\n".encode("utf-16"), "edges.csv: is UTF-16: save it as UTF-8"),
    "workbook for edges": drawn(b"PK\x03\x04" + bytes(40), "edges.csv: is an Excel workbook, not CSV: save it as CSV (UTF-8)"),
    "endless id": drawn(EDGES + f"c,{'d' * 5000}\n", f"edges.csv line 4: target = '{'d' * 56}...: must be at most 1000 characters"),
    "endpoint not among the nodes": listed(
        NODES, "edges.csv line 3: id = 'd': not among the ids of ", edges="source,target\na,b\nb,d\n"
    ),
    "no column of ids": listed("name,type\na,x\n", "nodes.csv: column 'id' is missing (columns: 'name, type')"),
    "empty nodes file": listed("", "nodes.csv: is empty: must have a header with id"),
    "nodes file with only a header": listed("id,type\n", "nodes.csv: has no rows below the header"),
    "empty id": listed("id,type\na,x\n,y\n", "nodes.csv line 3: id = '': must not be empty"),
    "id twice": listed(NODES + "a,shop,1,0,0\n", "nodes.csv line 5: id = 'a': is that of line 2 already"),
    "node without a type": listed("id,type\na,x\nb,\nc,x\n", "nodes.csv: type of node 'b' = '': must be a type's name"),
    "too many types": listed(
        "id,type\n" + "".join(f"{name},{name * 2}\n" for name in "abcdefghijklmnopq"), "must be 1 to 16 distinct names"
    ),
    "type with an endless name in a file": listed(
        f"id,type\na,{'x' * 5000}\nb,y\nc,y\n",
        f"nodes.csv: type of node 'a' = '{'x' * 56}...: must be a type's name of at most 1000 ",
    ),
    "negative fitness": listed(
        "id,fitness\na,-1\nb,1\nc,1\n", "nodes.csv: fitness of node 'a' = -1: must be a finite number, at least 0"
    ),
    "fitness in words": listed(
        "id,fitness\na,high\nb,1\nc,1\n", "nodes.csv: fitness of node 'a' = 'high': must be a finite number, "
    ),
    "text that fills the memory": listed(
        "id,about\n" + "".join(f"{name},{name * 200_000}\n" for name in "abc") + "".join(f"n{i},x\n" for i in range(5000)),
        "nodes.csv: about: a field of 200000 characters: must be at most 53654 in 5003 rows",
    ),
    "unknown type in rates": drawn(
        EDGES, "c.toml: dynamics.beta.brand = 0.1: no such type, valid: node", "[dynamics]\nbeta={brand=0.1}\n"
    ),
    "missing type in rates": listed(
        NODES,
        "c.toml: dynamics.xi = {'shop': 0.1}: must give a value for every type, 'maker' is missing",
        "[dynamics]\nxi={shop=0.1}\n",
    ),
    "unknown column for a rate": listed(
        NODES, "c.toml: dynamics.beta = 'rsk': no such node attribute, did you mean 'risk'?", "[dynamics]\nbeta='rsk'\n"
    ),
    "column out of bounds for a rate": listed(
        NODES, "c.toml: dynamics.beta: column 'size' of node 'a' = 3: must be a number from 0 to 1", "[dynamics]\nbeta='size'\n"
    ),
    "column of exits over one": listed(
        NODES, "c.toml: dynamics.gamma[0] + delta[0] = 1.1: must be at most 1", "[dynamics]\ngamma='risk'\ndelta=0.6\n"
    ),
    "rates for other nodes": listed(NODES, "must have one value for each of the 3 nodes", "[dynamics]\nbeta=[0.1,0.2]\n"),
    "column that holds no states": listed(
        NODES,
        "c.toml: initial.states: column 'risk' of node 'a' = 0.5: must be a whole number from 0 to 3",
        "[initial]\nstates='risk'\n",
    ),
    "too many infected": drawn(
        EDGES, "c.toml: initial.infected = 9: must be at most 3, the number of nodes", "[initial]\ninfected=9\n"
    ),
    "too many infected within a type": listed(
        NODES,
        "c.toml: initial.infected = 2: must be at most 1, the number of nodes of type 'maker'",
        "[initial]\ninfected=2\nwithin='maker'\n",
    ),
    "unknown node": drawn(EDGES, "c.toml: initial.nodes[0] = 'zz': no such node", "[initial]\nnodes=['zz']\n"),
    "index for an id": drawn(EDGES, "c.toml: initial.nodes[0] = 0: no node has this id", "[initial]\nnodes=[0]\n"),
    "ranked without fitness": drawn(
        EDGES, "c.toml: initial.by = 'fitness': the network's nodes have no fitness", "[initial]\nby='fitness'\n"
    ),
}

LONG = "x" * 300

CALLS = {
    "no folder": called("run default", "--out: must name the results folder, as in -o results"),
    "no configuration": called("run nothing.toml -o r", "nothing.toml: no such file or shipped configuration, "),
    "folder for a configuration": called("run . -o r", ".: is a folder, valid: default, files, "),
    "endless name of a configuration": called(f"run {LONG} -o r", f"{LONG}: no such file or shipped configuration, "),
    "configuration missing": called("run -o r", "Missing argument 'CONFIG'."),
    "two configurations": called("run default sweep -o r", "Got unexpected extra argument (sweep)"),
    "unknown command": called("rum", "No such command 'rum'."),
    "unknown option": called("run default --job 2", "No such option"),
    "option without its value": called("run default -o r --shard", "Option '--shard' requires an argument."),
    "not a number": called("run default -o r --jobs two", "Invalid value for '--jobs' / '-j': 'two' is not a valid integer."),
    "half a worker": called("run default -o r --jobs 1.5", "Invalid value for '--jobs' / '-j': '1.5' is not a valid integer."),
    "no jobs": called("run default -o r --jobs 0", "--jobs = 0: must be -1 or at least 1"),
    "fewer jobs than all": called("run default -o r --jobs -2", "--jobs = -2: must be -1 or at least 1"),
    "unknown backend": called("run default -o r --backend mpi", "--backend = mpi: must be one of threads, loky, dask, ray"),
    "cluster without an address": called("run default -o r --backend dask", "dask"),
    "address without a cluster": called(
        "run default -o r --scheduler tcp://h:1", "scheduler = 'tcp://h:1': is for a backend of dask or ray"
    ),
    "memory in words": called("run default -o r --max-memory much", "--max-memory = much: must be an amount of memory, as in 8GB"),
    "no memory": called("run default -o r --max-memory 0GB", "--max-memory = 0GB: must be an amount of memory, as in 8GB"),
    "less than no memory": called("run default -o r --max-memory -1GB", "--max-memory = -1GB: must be an amount of memory"),
    "endless memory": called(
        f"run default -o r --max-memory {'9' * 400}", f"--max-memory = {'9' * 400}: must be an amount of memory"
    ),
    "too little memory": called("run default -o r --max-memory 1kB", "max_memory = 1 kB: must be at least "),
    "shard": called("run default -o r --shard 4/4", "--shard = 4/4: must be I/N with 0 <= I < N"),
    "shard of none": called("run default -o r --shard 0/0", "--shard = 0/0: must be I/N with 0 <= I < N"),
    "negative shard": called("run default -o r --shard -1/4", "--shard = -1/4: must be I/N with 0 <= I < N"),
    "shard of very many": called(
        f"run default -o r --shard 0/{'9' * 5000}", f"--shard = 0/{'9' * 5000}: must be I/N with 0 <= I < N"
    ),
    "shard in words": called("run default -o r --shard first", "--shard = first: must be I/N with 0 <= I < N"),
    "override of nothing": called("run default -o r --set run.replicats=5", "--set: run.replicats = 5: unknown key, "),
    "override out of bounds": called("run default -o r --set run.replicates=0", "--set: run.replicates = 0: must be at least 1"),
    "override without value": called("run default -o r --set run.steps", "--set run.steps: must look like run.replicates=4096"),
    "override without section": called("run default -o r --set steps=3", "--set steps=3: must look like run.replicates=4096"),
    "override of a number's part": called(
        "run default -o r --set run.steps.x=3", "--set run.steps.x = 3: run.steps must be a table"
    ),
    "override of an unknown section": called(
        "run default -o r --set runs.steps=3", "--set: [runs]: unknown section, did you mean 'run'?"
    ),
    "override nested endlessly": called(
        f"run default -o r --set run.seed={'[' * 5000}", f"--set: run.seed = '{'[' * 56}...: must be a number"
    ),
    "clean of a grown network": called("run default -o r --clean", "--clean: is for a network from files; this one is grown"),
    "results without a name": Bad(["run", "default", "-o", ""], "--out = '': must be a folder"),
    "file for results": called("run default -o c.toml", "--out = 'c.toml': must be a folder", c_toml=""),
    "results in a file": called("run default -o c.toml/r", "--out = 'c.toml/r': must be a folder", c_toml=""),
    "endless name of results": called(f"run default -o {LONG}", f"--out = '{LONG}': must be a folder (file name too long)"),
    "dry run of the impossible": called("run default --dry-run --set run.steps=-1", "--set: run.steps = -1: must be at least 1"),
    "no results": called("show .", ".: holds no results (there is no manifest.json)"),
    "no folder to show": called("show nowhere", "nowhere: holds no results (there is no manifest.json)"),
    "status of nothing": called("status .", ".: holds no results (there is no manifest.json)"),
    "status now and then": called("status . --every often", "Invalid value for '--every': 'often' is not a valid float."),
    "status all the time": called("status . --every 0", "--every = 0.0: must be 0.1 to 86400 seconds"),
    "status at no time": called("status . --watch --every nan", "--every = nan: must be 0.1 to 86400 seconds"),
    "status at the end of time": called("status . --watch --every inf", "--every = inf: must be 0.1 to 86400 seconds"),
    "merge of nothing": called("merge .", ".: holds no results (there is no manifest.json)"),
    "merge of a file": called("merge c.toml", "folder = 'c.toml': must be a folder", c_toml=""),
    "plot of nothing": called("plot .", ".: holds no results (there is no manifest.json)"),
    "show without a folder": called("show", "Missing argument 'FOLDER'."),
    "unknown folder": called("init nowhere/my.toml", "nowhere/my.toml: no such file or directory"),
    "template over a file": called("init my.toml", "my.toml: is there already, and is left as it is", my_toml="precious"),
    "template over a folder": called("init .", "Invalid value for '[FILE]': File '.' is a directory."),
    "template without a name": Bad(["init", ""], "FILE = '': must be the name of a file"),
    "template with an endless name": called(f"init {LONG}", f"{LONG}: file name too long"),
    "unknown template": called("init -t x", "--template = x: must be one of default, files, "),
}

RESULTS = {
    "node in the top that is none": left("show r --top -1", "--top = -1: must be at least 0"),
    "top in words": left("show r --top ten", "Invalid value for '--top': 'ten' is not a valid integer."),
    "no such cell": left("show r --cell 1", "cell = 1: must be between 0 and 0"),
    "negative cell": left("show r --cell -1", "cell = -1: must be between 0 and 0"),
    "table of no such cell": left("show r --cell 7 --csv t", "cell = 7: must be between 0 and 0"),
    "tables into a file": left("show r --csv c.toml", "--csv = 'c.toml': must be a folder"),
    "tables into nothing": Bad(["show", "r", "--csv", ""], "--csv = '': must be a folder", {"c.toml": TINY}, [*RUN, "--jobs", "1"]),
    "picture of no such cell": left("plot r --cell 7", "cell = 7: must be between 0 and 0"),
    "wrong picture format": left("plot r --format gif", "format = 'gif': must be one of png, svg"),
    "pictures into a file": left("plot r --to c.toml", "--to = 'c.toml': must be a folder"),
    "pictures below a file": left("plot r --to c.toml/p", "--to = 'c.toml/p': must be a folder"),
    "manifest not JSON": left(
        "show r", "r/manifest.json: damaged or not a manifest", damage={"r/manifest.json": lambda old: old[:-9]}
    ),
    "manifest empty": left(
        "status r", "r/manifest.json: damaged or not a manifest of scfast", damage={"r/manifest.json": lambda _: b""}
    ),
    "manifest of something else": left("merge r", "r/manifest.json: damaged or not", damage={"r/manifest.json": lambda _: b"[1]"}),
    "manifest not UTF-8": left(
        "run c.toml -o r", "r/manifest.json: damaged or not", damage={"r/manifest.json": lambda _: b"\xff{}"}
    ),
    "manifest edited": left(
        "plot r",
        "r/manifest.json: was changed after it was written",
        damage={"r/manifest.json": lambda old: old.replace(b'"seed": 1', b'"seed": 2')},
    ),
    "numbers of another version": left(
        "run c.toml -o r",
        "r: holds results of another configuration: made by another version of scfast, with NUMBERS_VERSION 1, ",
        damage={"r/manifest.json": lambda old: changed(old, run_id="0" * 64, numbers_version=1)},
    ),
    "status of another version": left(
        "status r",
        "r: made by another version of scfast, with NUMBERS_VERSION 1, ",
        damage={"r/manifest.json": lambda old: changed(old, run_id="0" * 64, numbers_version=1)},
    ),
    "merged results damaged": left("show r", "r/results.h5: damaged; ", damage={"r/results.h5": lambda old: old[:-1] + b"?"}),
    "merged results empty": left("plot r", "r/results.h5: damaged; ", damage={"r/results.h5": lambda _: b""}),
    "results of another configuration": left(
        "run c.toml -o r --set run.steps=4", "r: holds results of another configuration: run.steps = 3 there, 4 here"
    ),
    "results of another seed": left(
        "run c.toml -o r --set run.seed=2", "r: holds results of another configuration: run.seed = 1 there, 2 here"
    ),
    "another network": left(
        "run c.toml -o r",
        "r: holds results of another configuration: the network's files have changed since",
        text=BOTH + FEW,
        edges_csv=EDGES,
        nodes_csv=NODES,
        damage={"edges.csv": lambda old: old + b"c,a\n"},
    ),
    "network copy gone": left(
        "show r",
        "r/network.h5: damaged or missing",
        text=FILE + FEW,
        edges_csv=EDGES,
        damage={"r/network.h5": lambda _: None},
    ),
    "tables without the network": left(
        "show r --csv t",
        "r/network.h5: damaged or missing",
        text=FILE + FEW,
        edges_csv=EDGES,
        damage={"r/network.h5": lambda _: None},
    ),
    "pictures without the network": left(
        "plot r",
        "r/network.h5: damaged or missing",
        text=FILE + FEW,
        edges_csv=EDGES,
        damage={"r/network.h5": lambda old: old[:100]},
    ),
    "status without the network": left(
        "status r",
        "r/network.h5: damaged or missing",
        text=FILE + FEW,
        edges_csv=EDGES,
        damage={"r/network.h5": lambda old: old[:100]},
    ),
    "merge of a part": left(
        "merge r", "missing or damaged; 'scfast run' again completes the results", "run c.toml -o r --jobs 1 --shard 1/2"
    ),
    "picture of an unfinished cell": left(
        "plot r --cell 1",
        "cell = 1: nothing of it is finished yet",
        "run c.toml -o r --jobs 1 --shard 0/9",
        text=TINY.replace("networks=2", "networks=1") + "[sweep]\ndynamics.beta=[0.1,0.2,0.3]\n",
    ),
}

KINDS = {
    **SECTIONS,
    **NETWORK,
    **DYNAMICS,
    **INITIAL,
    **SWEEP,
    **RUNS,
    **FILES,
    **CALLS,
    **RESULTS,
    **JUDGMENTS,
    **SCORES,
    **REGISTER,
    **STRATEGIES,
    **SHOCKS,
    **TOPOLOGY,
}
