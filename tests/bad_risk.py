"""Bad judgments, index systems, scores, registers, strategies and shocks: a part of bad_input.py."""

from __future__ import annotations

from bad_calls import BOTH, EDGES, FILE, NODES, RUN, Bad, called, configured, drawn, listed

JUDGED = ",resistance,recovery,learning\nresistance,1,2,4\nrecovery,,1,3\nlearning,,,1\n"
SYSTEM = (
    "goal='immunity'\n[factor.immunity]\nchildren=['resistance','recovery','learning']\njudgments=[[1,1,1],[1,1],[1]]\n"
    "[factor.resistance]\nchildren=['cash','stock']\njudgments=[[1,2],[1]]\n"
    "[factor.recovery]\nchildren=['plan']\n[factor.learning]\nchildren=['review']\n"
)
FACTOR = "[factor.strike]\nclass='own'\nabout='Dockers walk out.'\neffects={delivery_delay=0.5}\n"


def scored(risk: str, line: str, text: str = "", **files: str | bytes) -> Bad:
    """Wrong in the section [risk], or in a file that it names."""
    there = {name.replace("_", "."): content for name, content in files.items()}
    return Bad(RUN, line, {"c.toml": f"{text}[risk]\n{risk}\n", **there})


def judged(old: str, new: str, line: str) -> Bad:
    """Wrong in the judgments that [risk] names."""
    return scored("judgments={immunity='j.csv'}", line, j_csv=JUDGED.replace(old, new, 1))


def systematic(old: str, new: str, line: str) -> Bad:
    """Wrong in the index system of immunity that [risk] names."""
    return scored("immunity='i.toml'", line, i_toml=SYSTEM.replace(old, new, 1))


def registered(content: str | bytes, line: str) -> Bad:
    """Wrong in the register that [risk] names, though none of its factors is present."""
    return scored("register=['f.toml']", line, f_toml=content)


def per_node(content: str | bytes, line: str, more: str = "") -> Bad:
    """Wrong in the scores per node, of the network of EDGES."""
    return scored(f"nodes='s.csv'\n{more}", line, BOTH, s_csv=content, edges_csv=EDGES, nodes_csv=NODES)


def strategic(measures: str, line: str, text: str = "", **files: str) -> Bad:
    """Wrong in a strategy."""
    there = {name.replace("_", "."): content for name, content in files.items()}
    return Bad(RUN, f"c.toml: {line}", {"c.toml": f"{text}[[strategy]]\n{measures}\n", **there})


JUDGMENTS = {
    "judgments in one file": scored("judgments='j.csv'", "c.toml: risk.judgments = 'j.csv': must be a table"),
    "judgments as a number": scored(
        "judgments={immunity=3}", "c.toml: risk.judgments.immunity = 3: must be the name of a CSV file"
    ),
    "judgments in the configuration": scored(
        "judgments={recovery=[[1,2],[1]]}", "c.toml: risk.judgments.recovery = [[1, 2], [1]]: must be the name of a CSV file"
    ),
    "judgments missing": scored("judgments={immunity='j.csv'}", "c.toml: risk.judgments.immunity = 'j.csv': no such file in "),
    "judgments in a folder": scored("judgments={immunity='.'}", "c.toml: risk.judgments.immunity = '.': no such file in "),
    "judgments with an endless name": scored(
        f"judgments={{immunity='{'j' * 5000}'}}", f"c.toml: risk.judgments.immunity = '{'j' * 56}...: no such file in "
    ),
    "judgments with NUL in the name": scored(
        'judgments={immunity="j\\u0000.csv"}', "c.toml: risk.judgments.immunity = 'j\\x00.csv': no such file in "
    ),
    "judgments of no factor": scored(
        "judgments={resistence='j.csv'}", "no such factor of the index systems, did you mean 'resistance'?", j_csv=JUDGED
    ),
    "judgments of an indicator": scored(
        "judgments={capital_stability='j.csv'}", "no such factor of the index systems, valid: immunity, resistance, ", j_csv=JUDGED
    ),
    "judgments of the system that was replaced": scored(
        "external='i.toml'\njudgments={logistics='j.csv'}",
        "no such factor of the index systems, valid: ",
        i_toml=SYSTEM.replace("'cash'", "'delays'").replace("immunity", "outside"),
        j_csv=JUDGED,
    ),
    "empty judgments": judged(JUDGED, "", "j.csv: must hold a row of judgments for each child"),
    "judgment of 0": judged("1,2,4", "1,0,4", "j.csv: line 2, column 3 (resistance over recovery) = '0': must be more than 0"),
    "negative judgment": judged("1,2,4", "1,-2,4", "line 2, column 3 (resistance over recovery) = '-2': must be more than 0"),
    "judgment in words": judged("1,2,4", "1,much,4", "(resistance over recovery) = 'much': must be a number, or a fraction "),
    "judgment over 0": judged("1,2,4", "1,1/0,4", "(resistance over recovery) = '1/0': must be a number, or a fraction "),
    "infinite judgment": judged("1,2,4", "1,inf,4", "(resistance over recovery) = 'inf': must be 1e-09 to 1e+09"),
    "missing judgment": judged("1,2,4", "1,,4", "line 2, column 3 (resistance over recovery) is missing: must be more than 0"),
    "diagonal other than 1": judged("recovery,,1", "recovery,,2", "(recovery over recovery) = '2': must be 1, on the diagonal"),
    "judgments not reciprocal": judged(
        "recovery,,1", "recovery,2,1", "line 3, column 2 (recovery over resistance) = '2': must be 1/2, the reciprocal of line 2, "
    ),
    "judgments without a row": judged("learning,,,1\n", "", "j.csv: line 2: 3 entries: must be 2, as many as rows "),
    "judgments of a short row": judged("1,2,4", "1,2", "j.csv: line 2: 2 entries: must be 3, as many as rows "),
    "judgments of another child": judged(
        JUDGED, JUDGED.replace("learning", "teaching"), "children = resistance, recovery, teaching: must be resistance, recovery, "
    ),
    "judgments with a row of another name": judged(
        "\nlearning", "\nteaching", "j.csv: line 4, column 1 = 'teaching': must be 'learning', as in the header"
    ),
    "judgments of too few children": judged(JUDGED, "1,2\n,1\n", "j.csv: children = 1, 2: must be resistance, recovery, learning"),
    "inconsistent judgments": judged(
        "1,2,4", "1,9,1/9", "CR = 3.794: must be less than 0.1 (or allow_inconsistent); most to blame: "
    ),
    "judgments not UTF-8": scored("judgments={immunity='j.csv'}", "j.csv: not UTF-8 text, at byte 2", j_csv=b",r\xe9sistance\n"),
    "judgments in another format": scored(
        "judgments={immunity='j.txt'}", "j.txt: must be a file named .toml or .csv", j_txt=JUDGED
    ),
    "judgments and a system without its file": scored(
        "immunity={goal='x'}\njudgments={immunity='j.csv'}",
        "c.toml: risk.immunity = {'goal': 'x'}: must be the name of a file where judgments are given",
        j_csv=JUDGED,
    ),
    "system missing": scored("immunity='i.toml'", "c.toml: risk.immunity = 'i.toml': no such file in "),
    "system as a number": scored("external=3", "c.toml: risk.external = 3: must be the name of a file"),
    "system in the configuration": scored(
        "immunity={goal='x'}", "c.toml: risk.immunity: {'goal': 'x'}: must be the name of a file"
    ),
    "system not TOML": systematic(SYSTEM, "[[", "i.toml: not TOML, "),
    "system without a goal": systematic("goal='immunity'\n", "", "i.toml: goal: must be given, valid: immunity, resistance, "),
    "system with a misspelt key": systematic("goal=", "gaol=", "i.toml: gaol = 'immunity': unknown key, did you mean 'goal'?"),
    "system without judgments": systematic(
        "judgments=[[1,2],[1]]\n", "", "i.toml: factor.resistance.judgments: must be given for 2 children"
    ),
    "system with other criteria": systematic(
        SYSTEM,
        SYSTEM.replace("'learning'", "'lore'").replace("factor.learning", "factor.lore"),
        "c.toml: risk.immunity: criteria = resistance, recovery, lore: must be resistance, recovery, learning, ",
    ),
    "indicator of both systems": systematic(
        "'cash'",
        "'delivery_delay'",
        "c.toml: risk.external: indicator = 'delivery_delay': must not be an indicator of immunity too",
    ),
    "scale of no indicator": scored(
        "immunity='i.toml'",
        "i.toml: about.scales.csh = ['none', 'much']: no such indicator, did you mean 'cash'?",
        i_toml=f"{SYSTEM}[about.scales]\ncsh=['none','much']\n",
    ),
    "hierarchy missing": called("ahp f.toml", "f.toml: no such file or directory"),
    "hierarchy of nothing": called("ahp f.toml", "f.toml: factor: must hold at least one table, [factor.GOAL]", f_toml=""),
    "hierarchy in a text file": called("ahp f.txt", "f.txt: must be a file named .toml or .csv", f_txt=JUDGED),
    "hierarchy in a folder": called("ahp .", ".: must be a file named .toml or .csv"),
    "hierarchy without a file": called("ahp", "Missing argument 'FILE'."),
    "unknown method": called("ahp f.csv --method mean", "method = 'mean': must be one of 'geometric', 'sum', ", f_csv=JUDGED),
    "picture of an unknown kind": called("ahp f.csv --plot p.gif", "--plot = p.gif: must end in .png or .svg", f_csv=JUDGED),
    "matrix with a row too few": called(
        "ahp f.csv", "f.csv: line 2: 3 entries: must be 2, as many as rows", f_csv=",a,b,c\na,1,2,4\nb,,1,3\n"
    ),
    "matrix of 16": called("ahp f.csv", "f.csv: judgments: 16 rows: must be at most 15", f_csv=f"{'1,' * 15}1\n" * 16),
    "inconsistent matrix": called(
        "ahp f.csv", "f.csv: judgments: CR = 3.794: must be less than 0.1 ", f_csv=JUDGED.replace("1,2,4", "1,9,1/9")
    ),
    "child of two factors": called("ahp f.toml", "is a child of resistance already", f_toml=SYSTEM.replace("['plan']", "['cash']")),
}

SCORES = {
    "score of no indicator": scored(
        "scores={capital_stabilty=0.5}",
        "c.toml: risk.scores.capital_stabilty = 0.5: no such indicator, did you mean 'capital_stability'?",
    ),
    "score of the shipped system with one's own": scored(
        "immunity='i.toml'\nscores={capital_stability=0.5}",
        "c.toml: risk.scores.capital_stability = 0.5: no such indicator, ",
        i_toml=SYSTEM,
    ),
    "score out of bounds": scored("scores={partner_trust=1.5}", "c.toml: risk.scores.partner_trust = 1.5: must be at most 1"),
    "negative score": scored("scores={partner_trust=-0.1}", "c.toml: risk.scores.partner_trust = -0.1: must be at least 0"),
    "score that is no number": scored("scores={partner_trust=nan}", "c.toml: risk.scores.partner_trust = nan: must be a number"),
    "score true": scored("scores={partner_trust=true}", "c.toml: risk.scores.partner_trust = True: must be a number"),
    "score in words": scored(
        "scores={partner_trust='high'}", "c.toml: risk.scores.partner_trust = 'high': must be a number, {type = number}, a range "
    ),
    "score of nothing": scored("scores={partner_trust={}}", "c.toml: risk.scores.partner_trust = {}: must not be empty"),
    "one score for all": scored("scores=0.5", "c.toml: risk.scores = 0.5: must be a table"),
    "score of no type": scored(
        "scores={partner_trust={brnd=0.5}}", "c.toml: risk.scores.partner_trust.brnd = 0.5: no such type, did you mean 'brand'?"
    ),
    "scores of some types": scored(
        "scores={partner_trust={brand=0.5}}",
        "c.toml: risk.scores.partner_trust = {'brand': 0.5}: must give a value for every type, 'purchaser' is missing",
    ),
    "scores of some nodes": scored(
        "scores={partner_trust=[0.5,0.5]}",
        "c.toml: risk.scores.partner_trust = an array of shape (2,): must have one value for each of the 1000 nodes",
    ),
    "range turned round": scored(
        "scores={partner_trust={low=0.6,high=0.4}}", "c.toml: risk.scores.partner_trust.low = 0.6: must be at most high, 0.4"
    ),
    "range without an end": scored(
        "scores={partner_trust={low=0.6}}", "c.toml: risk.scores.partner_trust = {'low': 0.6}: must have high"
    ),
    "range beyond 1": scored(
        "scores={partner_trust={low=0,high=2}}", "c.toml: risk.scores.partner_trust.high = 2: must be at most 1"
    ),
    "mode outside the range": scored(
        "scores={partner_trust={low=0,mode=0.9,high=0.4}}", "c.toml: risk.scores.partner_trust.mode = 0.9: must be at most 0.4"
    ),
    "unknown shape": scored(
        "scores={partner_trust={low=0,mode=0.3,high=0.4,shape='normal'}}",
        "c.toml: risk.scores.partner_trust.shape = 'normal': must be one of 'uniform', 'triangular', 'pert'",
    ),
    "shape without a mode": scored(
        "scores={partner_trust={low=0,high=0.4,shape='pert'}}",
        "risk.scores.partner_trust.mode = None: must be given where shape is 'pert'",
    ),
    "misspelt end of a range": scored(
        "scores={partner_trust={low=0,hgh=0.4}}",
        "risk.scores.partner_trust.hgh = 0.4: unknown key of a range, did you mean 'high'?",
    ),
    "default score": scored("default=2", "c.toml: risk.default = 2: must be at most 1"),
    "no step": scored("step=0", "c.toml: risk.step = 0: must be more than 0"),
    "step of two units": scored("step=2", "c.toml: risk.step = 2: must be at most 1"),
    "no draws": scored("draws=0", "c.toml: risk.draws = 0: must be at least 1"),
    "half a draw": scored("draws=1.5", "c.toml: risk.draws = 1.5: must be a whole number"),
    "draws of too many cells": scored(
        "draws=100000\nscores={partner_trust={low=0,high=1}}\n[sweep]\nrisk.step=[0.1,0.2]",
        "c.toml: sweep = 200000 cells: must be at most 100000",
    ),
    "misspelt scores": scored(
        "score={partner_trust=1}", "c.toml: risk.score = {'partner_trust': 1}: unknown key, did you mean 'scores'?"
    ),
    "rates and scores": scored(
        "", "c.toml: dynamics.beta = 0.1: must not be given together with [risk], which gives it", "[dynamics]\nbeta=0.1\n"
    ),
    "swept rate and scores": scored(
        "[sweep]\ndynamics.beta=[0.1]",
        "c.toml: sweep.dynamics.beta = [0.1]: must not be swept together with [risk], which gives it",
    ),
    "sweep of a score without scores": configured(
        "[sweep]\nrisk.scores.partner_trust=[0.1]\n", "sweep.risk.scores.partner_trust = [0.1]: needs [risk]"
    ),
    "sweep of all scores": scored(
        "[sweep]\nrisk.scores=[0.1]", "c.toml: sweep.risk.scores = [0.1]: must be swept one by one, as in risk.scores.NAME"
    ),
    "sweep of a score out of bounds": scored(
        "[sweep]\nrisk.scores.partner_trust=[0.1,2]", "c.toml: sweep.risk.scores.partner_trust[1] = 2: must be at most 1"
    ),
    "sweep of no indicator": scored("[sweep]\nrisk.scores.trst=[0.1]", "risk.scores.trst = 0.1: no such indicator, "),
    "sweep of no factor": scored("[sweep]\nrisk.present.trst=[0.1]", "risk.present.trst = 0.1: no such factor in the register, "),
    "no scores per node": scored("nodes='s.csv'", "c.toml: risk.nodes = 's.csv': no such file in "),
    "scores per node by number": scored("nodes=3", "c.toml: risk.nodes = 3: must be the name of a file"),
    "scores per node in words": scored(
        "nodes={partner_trust='x'}", "c.toml: risk.nodes.partner_trust = 'x': must be a list, one value per node"
    ),
    "ids by number": scored("nodes={id=3}", "c.toml: risk.nodes.id = 3: must be a list, one value per node"),
    "scores without ids": per_node("node,partner_trust\na,1\n", "s.csv: column 'id' is missing (columns: 'node, partner_trust')"),
    "column of no indicator": per_node(
        "id,trust\na,1\n", "s.csv: column = 'trust': no such indicator, did you mean 'partner_trust'?"
    ),
    "score in per cent": per_node(
        "id,partner_trust\na,40%\n", "s.csv: partner_trust of node 'a' = '40%': must be a number from 0 to 1"
    ),
    "scores of an id twice": per_node("id,partner_trust\na,1\na,1\n", "s.csv: id = 'a': must not stand there twice"),
    "score too many": per_node("id,partner_trust\na,1,2\n", "s.csv: row 2: has 3 fields, must have 2"),
    "empty scores": per_node("", "s.csv: column 'id' is missing (columns: '')"),
    "scores of a node missing": per_node(
        "id,partner_trust\na,1\n", "c.toml: risk.nodes: node 'b': must have a row with its scores (2 of 3 have none)"
    ),
    "scores of no node": per_node(
        "id,partner_trust\na,1\nb,1\nc,1\nz,1\n", "c.toml: risk.nodes: id = 'z': no such node in the network"
    ),
    "score twice": per_node(
        "id,partner_trust\na,1\nb,1\nc,1\n",
        "c.toml: risk.scores.partner_trust = 0.5: must not be given twice: it is a column of the nodes' scores",
        "scores={partner_trust=0.5}",
    ),
}

REGISTER = {
    "factor that is none": scored(
        "present={trst=0.5}", "c.toml: risk.present.trst = 0.5: no such factor in the register, did you mean "
    ),
    "severity out of bounds": scored("present={trust=1.5}", "c.toml: risk.present.trust = 1.5: must be at most 1"),
    "severity in words": scored("present={trust='much'}", "c.toml: risk.present.trust = 'much': must be a number"),
    "factors without severity": scored("present=['trust']", "c.toml: risk.present = ['trust']: must be a table"),
    "register for a list": scored("register='f.toml'", "c.toml: risk.register = 'f.toml': must be a list of files", f_toml=FACTOR),
    "register missing": scored("register=['f.toml']", "c.toml: risk.register[0] = 'f.toml': no such file in "),
    "register by number": scored("register=[3]", "c.toml: risk.register[0] = 3: must be the name of a file"),
    "register not TOML": registered("[[", "f.toml: not TOML, "),
    "register not UTF-8": registered(b"# \xe9\n", "f.toml: not UTF-8 text, at byte 2"),
    "register of nothing": registered("", "c.toml: risk.register[0]: factor: must be given as tables, [factor.KEY]"),
    "misspelt factor": registered(
        FACTOR.replace("factor", "facter"), "c.toml: risk.register[0]: facter = {'strike': {'class': 'own', "
    ),
    "factor known already": registered(
        FACTOR.replace("strike", "trust"), "c.toml: risk.register[0]: factor.trust: is in the register already: say replace = true "
    ),
    "factor without a class": registered(
        FACTOR.replace("class='own'\n", ""), "c.toml: risk.register[0]: factor.strike.class: must be given"
    ),
    "factor that moves nothing": registered(
        FACTOR.replace("=0.5", "=0"), "c.toml: risk.register[0]: factor.strike.effects.delivery_delay = 0: must not be 0"
    ),
    "factor that moves too much": registered(
        FACTOR.replace("=0.5", "=2"), "c.toml: risk.register[0]: factor.strike.effects.delivery_delay = 2: must be at most 1"
    ),
    "factor that moves no indicator": registered(
        FACTOR.replace("delivery_delay", "delivry_delay"),
        "factor.strike.effects.delivry_delay = 0.5: no such indicator, did you mean 'delivery_delay'?",
    ),
    "response of no kind": registered(
        f"{FACTOR}responses=[{{text='Pray.', strategies=['hope']}}]\n",
        "factor.strike.responses[0].strategies[0] = 'hope': no such kind of strategy, valid: contingency_fund, ",
    ),
    "list of no class": called("register --class home", "class = 'home': no factor is of this class, valid: cooperation, "),
    "list of no indicator": called(
        "register --indicator partner_trst", "indicator = 'partner_trst': no such indicator, did you mean 'partner_trust'?"
    ),
    "list with no file": called("register --with f.toml", "f.toml: no such file or directory"),
    "list over a file": called("register --csv f.csv", "f.csv: is there already, and is left as it is", f_csv=""),
    "all about no factor": called("register show trst", "factor = 'trst': no such factor in the register, did you mean 'trust'?"),
    "new register over a file": called("register new f.toml", "f.toml: is there already, and is left as it is", f_toml=""),
    "new register of a scope": called("register new g.toml --from f.toml", "f.toml: factor: must be given", f_toml="scope='us'\n"),
}

STRATEGIES = {
    "strategy for a list": configured("[strategy]\nname='a'\n", "strategy = {'name': 'a'}: must be a list of tables, [[strategy]]"),
    "strategy without a name": strategic("protection=3", "strategy[0].name: must be given"),
    "strategy with an empty name": strategic("name=''\nprotection=3", "strategy[0].name = '': must be a string that is not empty"),
    "strategy of two lines": strategic(
        'name="a\\nb"\nprotection=3', "strategy[0].name = 'a\\nb': must be 1 to 100 characters that can be seen"
    ),
    "strategy with an endless name": strategic(
        f"name='{'a' * 5000}'\nprotection=3", f"strategy[0].name = '{'a' * 56}...: must be 1 to 100 characters"
    ),
    "strategy called baseline": strategic(
        "name='baseline'\nprotection=3", "strategy[0].name = 'baseline': must not be 'baseline', "
    ),
    "strategy twice": strategic(
        "name='a'\nprotection=4", "strategy[1].name = 'a': must not be 'baseline', nor ", "[[strategy]]\nname='a'\nprotection=3\n"
    ),
    "misspelt measure": strategic("name='a'\nprotecton=3", "strategy[0].protecton = 3: unknown key, did you mean 'protection'?"),
    "strategy of nothing": strategic(
        "name='a'\ncost=3", "strategy[0].name = 'a': must have at least one measure, of contingency_fund, "
    ),
    "strength out of bounds": strategic("name='a'\nmonitoring=2", "strategy[0].monitoring = 2: must be at most 1", "[risk]\n"),
    "strength in words": strategic("name='a'\nmonitoring='much'", "strategy[0].monitoring = 'much': must be a number", "[risk]\n"),
    "strength true": strategic("name='a'\nmonitoring=true", "strategy[0].monitoring = True: must be a number", "[risk]\n"),
    "strength without scores": Bad(
        RUN,
        "strategy.monitoring = 0.5: raises a score: needs [risk] instead of rates in [dynamics]",
        {"c.toml": "[[strategy]]\nname='a'\nmonitoring=0.5\n"},
    ),
    "strength of no indicator": strategic(
        "name='a'\ninsurance=0.5",
        "strategy[0].insurance = 0.5: raises contingency_fund, which is no indicator of the index systems in [risk]",
        "[risk]\nimmunity='i.toml'\n",
        i_toml=SYSTEM,
    ),
    "curve of nothing": strategic("name='a'\nprotection=[]", "strategy[0].protection = []: must hold at least one number"),
    "curve with a level twice": strategic(
        "name='a'\nprotection=[5,5]", "strategy[0].protection = [5, 5]: must not hold a level twice"
    ),
    "curve out of bounds": strategic(
        "name='a'\nprotection=[5,1.5]", "strategy[0].protection[1] = 1.5: must be at most 1 as a fraction; "
    ),
    "two curves": strategic(
        "name='a'\nprotection=[5,6]\ndetection=[0.1,0.2]",
        "strategy[0].protection = [5, 6]: must be one level, as detection is a list already",
    ),
    "cost below 0": strategic("name='a'\nprotection=3\ncost=-1", "strategy[0].cost = -1: must be at least 0"),
    "costs of one level": strategic("name='a'\nprotection=3\ncost=[1,2]", "strategy[0].cost = [1.0, 2.0]: must be one number"),
    "one cost of two levels": strategic(
        "name='a'\nprotection=[3,4]\ncost=1", "strategy[0].cost = 1.0: must be a list of 2, one for each level"
    ),
    "hubs without detection": strategic("name='a'\nhubs=3", "strategy[0].hubs = 3: must come with detection"),
    "more hubs than nodes": Bad(
        RUN,
        "dynamics.detection_hubs = 5000: must be at most 1000, the number of nodes",
        {"c.toml": "[[strategy]]\nname='a'\ndetection=1\nhubs=5000\n"},
    ),
    "factor without detection": strategic(
        "name='a'\nprotection=3\ndetected_beta=0", "strategy[0].detected_beta = 0.0: must come with detection"
    ),
    "ranking without protection": strategic(
        "name='a'\ndetection=1\nprotection_by='random'", "strategy[0].protection_by = 'random': must come with protection"
    ),
    "protection by the unknown": strategic(
        "name='a'\nprotection=3\nprotection_by='size'", "strategy[0].protection_by = 'size': must be one of 'degree', 'fitness', "
    ),
    "protection of more than all": strategic(
        "name='a'\nprotection=5000",
        "at strategy.name = 'a', strategy.level = 5000: protection.protected = 5000: must be at most 1000, the number of nodes",
    ),
    "half a partner more": strategic("name='a'\nmore_partners=1.5", "strategy[0].more_partners = 1.5: must be a whole number"),
    "more partners in a file": Bad(
        RUN,
        "strategy.more_partners = 1: needs networks that grow, not of kind = 'file'",
        {"c.toml": f"{FILE}[[strategy]]\nname='a'\nmore_partners=1\n", "edges.csv": EDGES},
    ),
    "selection without fitness": Bad(
        RUN,
        "strategy.partner_selection = 0.1: needs networks that grow by fitness, not of kind = 'barabasi_albert'",
        {"c.toml": "[network]\nkind='barabasi_albert'\n[[strategy]]\nname='a'\npartner_selection=0.1\n"},
    ),
    "protection by no fitness": Bad(
        RUN,
        "protection.by = 'fitness': the network's nodes have no fitness",
        {"c.toml": f"{FILE}[[strategy]]\nname='a'\nprotection=1\nprotection_by='fitness'\n", "edges.csv": EDGES},
    ),
    "protected below none": configured("[protection]\nprotected=-1\n", "protection.protected = -1: must be at least 0"),
    "protected in words": configured("[protection]\nprotected='all'\n", "protection.protected = 'all': must be a number"),
    "protected beyond all": configured(
        "[protection]\nprotected=1001\n", "protection.protected = 1001: must be at most 1000, the number of nodes"
    ),
    "protected by the unknown": configured("[protection]\nby='size'\n", "protection.by = 'size': must be one of 'degree', "),
    "swept protection beyond all": configured(
        "[sweep]\nprotection.protected=[1,5000]\n",
        "sweep, at protection.protected = 5000: protection.protected = 5000: must be at most 1000, the number of nodes",
    ),
    "detection of no type": configured(
        "[dynamics]\ndetection={brnd=0.5}\n", "dynamics.detection.brnd = 0.5: no such type, did you mean 'brand'?"
    ),
    "hubs beyond all": configured(
        "[dynamics]\ndetection_hubs=1001\n", "dynamics.detection_hubs = 1001: must be at most 1000, the number of nodes"
    ),
}

SHOCKS = {
    "shock for a list": configured("[shock]\nsteps=[1]\n", "shock = {'steps': [1]}: must be a list of tables, [[shock]]"),
    "misspelt steps": configured("[[shock]]\nstep=[1]\n", "shock[0].step = [1]: unknown key, did you mean 'steps'?"),
    "shock at no time": configured("[[shock]]\n", "shock[0].probability = None: must be given where steps are not"),
    "steps for a list": configured("[[shock]]\nsteps=5\n", "shock[0].steps = 5: must be a list of steps, at least one"),
    "step twice": configured("[[shock]]\nsteps=[5,5]\n", "shock[0].steps = [5, 5]: must not name a step twice"),
    "step before the first": configured("[[shock]]\nsteps=[-5]\n", "shock[0].steps[0] = -5: must be at least 0"),
    "shock more than certain": configured("[[shock]]\nprobability=1.5\n", "shock[0].probability = 1.5: must be at most 1"),
    "second shock too severe": configured(
        "[[shock]]\nsteps=[1]\n[[shock]]\nsteps=[1]\nseverity=2\n", "shock[1].severity = 2: must be at most 1"
    ),
    "shock of no type": configured(
        "[[shock]]\nsteps=[1]\nwithin='logistic'\n", "shock[0].within = 'logistic': no such type, did you mean 'logistics'?"
    ),
    "shock of two groups": configured(
        "[[shock]]\nsteps=[1]\nwithin='brand'\nnodes=[1]\n", "shock[0].nodes = (1,): must not be given together with within"
    ),
    "attribute without a value": configured(
        "[[shock]]\nsteps=[1]\nattribute='size'\n", "shock[0].equals = None: must be given where attribute is"
    ),
    "value true": configured(
        "[[shock]]\nsteps=[1]\nattribute='size'\nequals=true\n",
        "shock[0].equals = True: must be a number, or text that is not empty",
    ),
    "attribute of a grown network for a shock": configured(
        "[[shock]]\nsteps=[1]\nattribute='size'\nequals=1\n", "shock[0].attribute = 'size': no such node attribute, there are none"
    ),
    "shock of no attribute": listed(
        NODES,
        "c.toml: shock[0].attribute = 'sizes': no such node attribute, did you mean 'size'?",
        "[[shock]]\nsteps=[1]\nattribute='sizes'\nequals=1\n",
    ),
    "shock of no value": listed(
        NODES.replace("size", "land").replace(",3\n", ",IT\n").replace(",2\n", ",FR\n"),
        "c.toml: shock[0].equals = 'it': no node has it as land, valid: 1, FR, IT",
        "[[shock]]\nsteps=[1]\nattribute='land'\nequals='it'\n",
    ),
    "shock of a number in quotes": listed(
        NODES,
        "c.toml: shock[0].equals = '3': must be a number, as those of size are",
        "[[shock]]\nsteps=[1]\nattribute='size'\nequals='3'\n",
    ),
    "shock of no node": drawn(EDGES, "c.toml: shock[0].nodes[0] = 'zz': no such node", "[[shock]]\nsteps=[1]\nnodes=['zz']\n"),
    "shock of no share": configured("[[shock]]\nsteps=[1]\nshare=0\n", "shock[0].share = 0: must be more than 0"),
}
