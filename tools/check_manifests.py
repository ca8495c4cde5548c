#!/usr/bin/env -S uv run --script
# /// script
# requires-python = ">=3.11"
# dependencies = ["kubernetes-validate==1.37.0"]
# ///
"""Build every overlay with every set of components, and what watches it; check what comes out.

Kubernetes' kinds are checked against its schemas, Dapr's against the definitions in its chart, and
what is for production by kube-score: the dev overlay departs from it on purpose (ports on the node,
files that Tilt changes, images without a tag). Prometheus' files are checked by promtool. A tool
that is not here and cannot be had is named as skipped; building needs one of kustomize, kubectl and
Go. kubeconform was looked at: it downloads Kubernetes' schemas at each run, and those of Dapr's
kinds are in its chart alone.
"""

import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

PROJECT = Path(__file__).parents[1]
KUBERNETES = "1.34"
KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5@v5.7.1"
KUBE_SCORE = "github.com/zegl/kube-score/cmd/kube-score@v1.20.0"
OVERLAYS = ("dev", "prod")
MONITORING = Path("monitoring")
# Network policies are in both overlays.
OPTIONAL = ("autoscaling", "postgresql")
IGNORED = (
    # Images go by digest or by version, and a node that has one need not ask for it again.
    "container-image-pull-policy",
)


def main() -> int:
    """Return 0 where every combination is valid."""
    build = kustomize()
    if build is None:
        print("SKIPPED: the manifests (needs kustomize, kubectl or Go)")
        return 0
    definitions = dapr_definitions()
    if not definitions:
        print("SKIPPED: Dapr's kinds (needs Go, or helm with DAPR_CHART or the network)")
    score = tool("kube-score", KUBE_SCORE)
    if score is None:
        print("SKIPPED: kube-score (needs kube-score or Go)")
    failures = 0
    for folder, components in combinations():
        text = built(build, folder, components)
        faults = [f for doc in yaml.safe_load_all(text) for f in invalid(doc, definitions)]
        if score is not None and folder != Path("overlays/dev"):
            faults += scored(score, text)
        failures += report(" + ".join((folder.name, *components)), faults)
    if shutil.which("promtool"):
        failures += report("Prometheus", unreadable())
    else:
        print("SKIPPED: Prometheus' configuration (needs promtool)")
    return min(failures, 1)


def report(name: str, faults: list[str]) -> int:
    """Print what is wrong with something, and return how much that is."""
    print(f"{name}: {len(faults)} faults" if faults else f"{name}: valid")
    for fault in faults:
        print(f"  {fault}")
    return len(faults)


def combinations() -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Yield every overlay with every set of optional components, and what has none."""
    for overlay in OVERLAYS:
        for size in range(len(OPTIONAL) + 1):
            for components in itertools.combinations(OPTIONAL, size):
                yield Path("overlays") / overlay, components
    yield MONITORING, ()


def tool(name: str, package: str) -> str | None:
    """Return where a command is; where Go is there, it is built into .tools/bin."""
    folder = PROJECT / ".tools" / "bin"
    found = shutil.which(name, path=f"{folder}{os.pathsep}{os.environ['PATH']}")
    if found is None and shutil.which("go"):
        print(f"building {package}", flush=True)
        env = os.environ | {"GOBIN": str(folder), "GOFLAGS": "-buildvcs=false"}
        if run("go", "install", package, env=env).returncode == 0:
            found = str(folder / name)
    return found


def kustomize() -> tuple[str, ...] | None:
    """Return the command that builds a folder."""
    if shutil.which("kustomize") is None and shutil.which("kubectl"):
        return ("kubectl", "kustomize")
    found = tool("kustomize", KUSTOMIZE)
    return (found, "build") if found else None


def built(build: tuple[str, ...], kustomization: Path, components: tuple[str, ...]) -> str:
    """Return the manifests of a folder in k8s/ with some components."""
    with tempfile.TemporaryDirectory() as folder:
        k8s = Path(os.path.relpath(PROJECT / "k8s", Path(folder).resolve()))
        content: dict[str, Any] = {"resources": [str(k8s / kustomization)]}
        if components:
            content["namespace"] = "taskway"
            content["components"] = [str(k8s / "components" / c) for c in components]
        (Path(folder) / "kustomization.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        done = run(*build, folder)
        if done.returncode != 0:
            sys.exit(f"{kustomization} + {components}: {done.stderr}")
        return done.stdout


def dapr_definitions() -> dict[str, dict[str, Any]]:
    """Return the schemas of Dapr's kinds, as its chart of our version defines them."""
    version = (PROJECT / "tools" / "dapr" / "VERSION").read_text(encoding="utf-8").strip()
    texts: list[str] = []
    if shutil.which("helm"):
        chart = os.environ.get("DAPR_CHART")
        source = [chart] if chart else ["dapr", "--repo", "https://dapr.github.io/helm-charts/"]
        shown = run("helm", "show", "crds", *source, "--version", version)
        texts = [shown.stdout] if shown.returncode == 0 else []
    if not texts and shutil.which("go"):
        module = run("go", "mod", "download", "-json", f"github.com/dapr/dapr@v{version}")
        if module.returncode == 0:
            crds = Path(json.loads(module.stdout)["Dir"]) / "charts" / "dapr" / "crds"
            texts = [path.read_text(encoding="utf-8") for path in sorted(crds.glob("*.yaml"))]
    documents = [doc for text in texts for doc in yaml.safe_load_all(text) if doc]
    return {
        f"{doc['spec']['group']}/{v['name']}/{doc['spec']['names']['kind']}": closed(
            v["schema"]["openAPIV3Schema"]
        )
        for doc in documents
        for v in doc["spec"]["versions"]
    }


def closed(schema: Any) -> Any:
    """Return a schema that refuses unknown fields, as the cluster does."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: closed(value) for key, value in schema.items()}
    is_object = schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
    if is_object and not schema.get("x-kubernetes-preserve-unknown-fields"):
        schema.setdefault("additionalProperties", False)
    return schema


def invalid(doc: dict[str, Any], definitions: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with an object."""
    name = f"{doc['kind']}/{doc['metadata']['name']}"
    try:
        if doc["apiVersion"].startswith("dapr.io/"):
            if definitions:
                schema = definitions[f"{doc['apiVersion']}/{doc['kind']}"]
                # The cluster checks what every object has by rules of its own.
                jsonschema.validate({**doc, "metadata": {}}, schema)
        else:
            kubernetes_validate.validate(doc, KUBERNETES, strict=True)
    except (jsonschema.ValidationError, kubernetes_validate.ValidationError) as error:
        yield f"{name}: {'.'.join(map(str, error.path))}: {error.message}"


def scored(score: str, text: str) -> list[str]:
    """Return what kube-score finds, but for what is explained beside the line or above."""
    ignored = [f"--ignore-test={test}" for test in IGNORED]
    command = [score, "score", f"--kubernetes-version=v{KUBERNETES}", "--output-format=ci"]
    done = run(*command, *ignored, "-", stdin=text)
    return [line for line in done.stdout.splitlines() if not line.startswith(("[OK]", "[SKIPPED]"))]


def unreadable() -> list[str]:
    """Return what Prometheus would not take of its configuration and its rules."""
    files = PROJECT / "k8s" / MONITORING / "prometheus"
    config = yaml.safe_load((files / "prometheus.yaml").read_text(encoding="utf-8"))
    config["rule_files"] = [str(files / Path(path).name) for path in config["rule_files"]]
    for job in config["scrape_configs"]:
        # Debian's promtool does not know it; the cluster does.
        del job["kubernetes_sd_configs"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "prometheus.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        done = run("promtool", "check", "config", "--lint-fatal", str(path))
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def run(
    *command: str, stdin: str | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command, input=stdin, env=env, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main())
