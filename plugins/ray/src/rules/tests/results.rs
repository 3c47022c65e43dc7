//! Rules `R007` to `R010`: how results are fetched and given back.

use super::*;

const TASKS: &str = "@ray.remote\ndef f(x=0):\n    return str(x)\n\n@ray.remote\ndef g(x, y=0):\n    return x\n\n";

#[track_caller]
fn bad(rule: &str, code: &str) {
    caught(rule, Warning, &task(vec![]), &core(&format!("{TASKS}{code}")));
}

#[track_caller]
fn good(rule: &str, code: &str) {
    spared(rule, &task(vec![]), &core(&format!("{TASKS}{code}")));
}

#[test]
fn r007_results_are_not_fetched_to_be_passed_on() {
    for code in [
        "x = ray.get(f.remote(1))\nprint(ray.get(g.remote(x)))",
        "print(ray.get(g.remote(ray.get(f.remote(1)))))",
        "ref = f.remote(1)\nprint(ray.get(g.remote(1, y=ray.get(ref))))",
        "@ray.remote\ndef h(refs):\n    return sum(ray.get(refs))\n\nray.get(h.remote([f.remote()]))",
    ] {
        bad("R007", code);
    }
    for code in [
        "x = ray.get(f.remote(1))\nprint(x)\nprint(ray.get(g.remote(x)))",
        "x = ray.get(f.remote(1))\nx = x.strip()\nprint(ray.get(g.remote(x)))",
        "print(ray.get(g.remote(f.remote(1))))",
        "print(ray.get(g.remote(ray.get([f.remote(n) for n in range(3)]))))",
        "@ray.remote\ndef h(n):\n    return sum(ray.get([f.remote(x) for x in range(n)]))\n\nray.get(h.remote(3))",
        "@ray.remote\ndef h(refs):\n    ready, refs = ray.wait(refs)\n    return ray.get(refs)\n\nray.get(h.remote([f.remote()]))",
        "def h(refs):\n    return ray.get(refs)\n\nh([f.remote()])",
        "@ray.remote\nclass A:\n    def __init__(self, refs):\n        self.all = ray.get(refs)\n\nA.remote([f.remote()])",
    ] {
        good("R007", code);
    }
}

#[test]
fn r008_not_too_many_at_once() {
    for code in [
        "print(ray.get([f.remote(n) for n in range(100_000)]))",
        "N = 10 ** 6\nrefs = [f.remote(n) for n in range(N)]\nprint(ray.get(refs))",
        "refs = []\nfor a in range(200):\n    for b in range(200):\n        refs.append(f.remote(a))\nprint(ray.get(refs))",
        "data = ray.data.range(10)\nprint(ray.get([f.remote(row) for row in data.iter_rows()]))",
    ] {
        bad("R008", code);
    }
    for code in [
        "print(ray.get([f.remote(n) for n in range(100)]))",
        "for a in range(10_000):\n    print(ray.get([f.remote(n) for n in range(10)]))",
        "data = ray.data.range(10)\nprint(ray.get([f.remote(row) for row in data.limit(3).iter_rows()]))",
        "data = ray.data.range(10)\nprint(ray.get([f.remote(part) for part in data.split(4)]))",
        "refs = []\nfor n in range(100_000):\n    refs.append(f.remote(n))\n    if len(refs) > 9:\n        done, refs = ray.wait(refs)\n        print(ray.get(done))\nprint(ray.get(refs))",
        "import sys\nprint(ray.get([f.remote(n) for n in range(int(sys.argv[1]))]))",
    ] {
        good("R008", code);
    }
}

#[test]
fn r009_results_are_taken_as_they_come() {
    for code in [
        "refs = [f.remote(n) for n in range(3)]\nfor ref in refs:\n    print(ray.get(ref))",
        "refs = []\nfor n in range(3):\n    refs.append(f.remote(n))\nprint([ray.get(ref) for ref in refs])",
        "for ref in [f.remote(n) for n in range(3)]:\n    print(ray.get(ref))",
    ] {
        bad("R009", code);
    }
    for code in [
        "refs = [f.remote(n) for n in range(3)]\nprint(ray.get(refs))",
        "refs = [f.remote(n) for n in range(3)]\nwhile refs:\n    done, refs = ray.wait(refs)\n    print(ray.get(done[0]))",
        "for ref in [f.remote(n) for n in range(3)]:\n    try:\n        print(ray.get(ref))\n    except ValueError as error:\n        print(error)",
        "refs = [f.remote(n) for n in range(3)]\nfor n, ref in enumerate(refs):\n    print(n, ray.get(ref))",
        "for part in ray.data.range(9).split(3):\n    print(part)",
        "def show(refs):\n    for ref in refs:\n        print(ray.get(ref))\n\nshow([ray.put(1)])",
    ] {
        good("R009", code);
    }
}

#[test]
fn r010_tasks_return_values() {
    for code in [
        "@ray.remote\ndef h():\n    return ray.put(1)\n\nh.remote()",
        "@ray.remote\ndef h():\n    a = ray.put(1)\n    return a, 2\n\nh.remote()",
        "@ray.remote\nclass A:\n    def h(self):\n        return ray.put(1)\n\nA.remote()",
    ] {
        bad("R010", code);
    }
    for code in [
        "@ray.remote\ndef h():\n    a = ray.put(1)\n    return ray.get(g.remote(a))\n\nh.remote()",
        "def h():\n    return ray.put(1)\n\nprint(ray.get(h()))",
        "@ray.remote\nclass A:\n    def __init__(self):\n        self.ref = ray.put(1)\n    def h(self):\n        return self.ref\n\nA.remote()",
        "@ray.remote\ndef h():\n    def inner():\n        return ray.put(1)\n    return ray.get(inner())\n\nh.remote()",
    ] {
        good("R010", code);
    }
}
