package policy

// Example is a commented configuration file with every setting at its default
// under the agent. A test reads it back.
const Example = `# hostaudit configuration. Every setting is optional; command line flags win.
# Used only if root alone can change this file and the directories above it.

# A later file of conf.d overrides a single setting and adds to a list. What a profile
# says, a setting of a file overrides.

# version = 1              # of this file's layout; a program that is too old says so
# profile = "default"      # or one of
#   "seed"   every recommendation alarms: fail_on and agent.alarm low, agent.names legacy
#   "fleet"  many hosts at their packages' defaults: SSH on port 22 is low
#   "pci"    PCI DSS 4.0.1: severities and required checks by its requirements
#   "ens"    Esquema Nacional de Seguridad: severities and required checks by its measures
# roles = ["web", "bastion"]              # what listens here by design, in sets (see below):
#   "bastion"            SSH on port 22
#   "web"                HTTP, HTTPS and HTTP/3
#   "db"                 MySQL, MariaDB, PostgreSQL
#   "k8s-node"           kubelet and kube-proxy
#   "mail"               SMTP, and submission, IMAP and POP3 over TLS
#   "monitoring-server"  Tentacle, Zabbix, Icinga
# catalogue = 4            # checks that appeared after this number (hostaudit version) are
#                          # reported and decide nothing

# only = ["ssh", "password.dictionary"]   # check IDs or families
# skip = ["ftp"]
# fail_on = "medium"       # exit code 1 from: critical, high, medium, low, never
# require = ["ssh.root-login"]            # exit code 3 unless answered
# deadline = "60s"         # for the whole audit
# cpus = 1
# privacy = "count"        # names of accounts with weak passwords stay here; "full" sends them
# state_dir = "/var/lib/hostaudit"

[passwords]
# list = "/etc/hostaudit/passwords"       # your organisation's usual passwords, one a line
# budget = "20s"           # time for guessing in one run
# memory = 64              # MiB for memory-hard hashes

# What listens on this host by design. Every setting of a table must fit, one of
# program, package, unit and port at least; scope is the widest that is permitted.
# [[listeners.declare]]
# program = "/usr/sbin/sshd"
# package = "openssh-server"
# unit = "ssh.service"
# port = 22                # or "8000-8100"
# protocol = "tcp"
# scope = "everywhere"     # or "address", "loopback"
# reason = "administration"

# Severities, by check or by check and kind of finding; quotes are needed. That of a
# check is its default: findings graded below the old one stay below.
[severity]
# "ssh.port" = "low"       # critical, high, medium, low
# "ssh.root-login/key" = "medium"

# What is accepted, and why. A waiver covers the findings of a check, or with gap what
# could not be examined for that reason, and never both.
# [[waive]]
# check = "ssh.root-login"
# object = "sshd*"         # the subject as the report shows it: * any characters, ? one,
#                          # everything else is itself; without it every object
# kind = "key"             # of the findings, as format json names it; without it every
#                          # kind, also one that is worse and comes later
# hosts = ["web-??", "db*"]               # names of running hosts, in any case; without it all targets
# reason = "the bastion in front of it lets in administrators only"   # required
# owner = "network team"
# expires = "2027-01-31"   # the last day it covers (UTC); without it, it covers for ever
# [[waive]]
# check = "password.dictionary"
# gap = "too_costly"       # reason code; without it the waiver is about findings
# reason = "one try of this hash takes a minute, as it should"

[agent]
# modules = "checks"       # or "families", "summary"
# alarm = "medium"         # "low" makes findings of low severity a WARNING
# names = "ids"            # "legacy" gives the module names of the old plugin
# min_interval = "0s"      # audit again only after this time; in between nothing is printed
`
