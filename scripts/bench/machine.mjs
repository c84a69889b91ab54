// What the numbers were measured on, for whoever compares them with their own.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import os from "node:os";

/** What a command says, or nothing when it isn't here. */
export function says(program, ...words) {
  try {
    return execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "";
  }
}

/** The machine, line by line. `folder` is where the benchmarks keep their files. */
export function machine(folder) {
  const cpus = os.cpus();
  const release = readFileSync("/etc/os-release", "utf8").match(/^PRETTY_NAME="?([^"\n]*)/m)?.[1] ?? os.type();
  const webkit = says("dpkg-query", "--show", "--showformat=${Version}", "libwebkit2gtk-4.1-0");
  const disk = says("findmnt", "--noheadings", "--output", "FSTYPE,SOURCE", "--target", folder);
  return [
    ["processor", `${cpus[0]?.model ?? "unknown"}, ${cpus.length} cores${says("systemd-detect-virt") || /hypervisor/.test(readFileSync("/proc/cpuinfo", "utf8")) ? ", virtual" : ""}`],
    ["memory", `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ["system", `${release}, kernel ${os.release()}`],
    ["filesystem", disk.replace(/\s+/g, " on ")],
    ["built with", `${says("rustc", "--version")}, release profile; Node ${process.versions.node}${webkit ? `; WebKitGTK ${webkit}` : ""}`],
  ];
}
