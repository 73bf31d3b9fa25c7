package main_test

// Which releases a row is for: the daemons of four OpenSSH versions.
const (
	everywhere  = "bookworm units-bullseye units-trixie units-sid"
	bookworm    = "bookworm"
	bullseye    = "units-bullseye"
	fromTen     = "units-trixie units-sid"
	notBullseye = "bookworm units-trixie units-sid"
)

// Fields of /etc/shadow after the name; VALID is replaced with the hash of the password
// that clients know.
const (
	validPassword  = "VALID:20000:0:99999:7:::"
	emptyPassword  = ":20000:0:99999:7:::"
	noPassword     = "*:20000:0:99999:7:::"
	lockedPassword = "!VALID:20000:0:99999:7:::"
	mustChange     = "VALID:0:0:99999:7:::"
	expiredAccount = "VALID:20000:0:99999:7::1:"
)

// A loginRow is a configuration, who gets in with it, and what the program has to say.
// Both were written down before a daemon was asked.
type loginRow struct {
	name   string
	trees  string // "" = bookworm
	config string // after Port and UsePAM

	shadow string            // root's; "" = validPassword
	keys   string            // /root/.ssh/authorized_keys, KEY is the client's; "" = KEY, "-" = no file
	files  map[string]string // others, with KEY
	then   string            // shell commands after all files are there
	toor   bool              // there is a second account with user ID 0, with a password
	noPAM  bool              // UsePAM no
	shell  string            // root's; "" = /bin/bash

	in string // as loginHost.enter tells it

	// login is the verdict of ssh.root-login: "pass" or the kind and severity of the
	// gravest finding; "|" where the rules leave more than one open.
	login string
	names string // what findings have to name, "" = nothing
	noted string // "login", "keys": what has to explain its pass with a note
	keysV string // verdict of ssh.root-keys where who got in does not tell it
}

const (
	byPassword   = "password high"
	noneUsable   = "password medium"
	byKey        = "key medium"
	noKeyThere   = "key low"
	allThree     = "kbdint key password"
	onlyOther    = "kbdint@10.9.9.1 key@10.9.9.1 password@10.9.9.1"
	onlyLoopback = "kbdint@127.0.0.1 key@127.0.0.1 password@127.0.0.1"
	rootYes      = "PermitRootLogin yes\n"
	rootNo       = "PermitRootLogin no\n"
	rootByKey    = "PermitRootLogin prohibit-password\n"
	rootForced   = "PermitRootLogin forced-commands-only\n"
	noPasswords  = "PasswordAuthentication no\nChallengeResponseAuthentication no\nKbdInteractiveAuthentication no\n"
	fromOther    = "Match Address 10.9.9.0/24\n"
)

// permitRows are the values of PermitRootLogin and the methods that are on.
var permitRows = []loginRow{
	{name: "yes", trees: everywhere, config: rootYes, in: allThree, login: byPassword},
	{name: "yesWithoutKey", config: rootYes, keys: "-", in: "kbdint password", login: byPassword},
	{name: "prohibitPassword", trees: everywhere, config: rootByKey + "KbdInteractiveAuthentication yes\n", in: "key", login: byKey},
	{name: "withoutPassword", config: "PermitRootLogin without-password\n", in: "key", login: byKey},
	{name: "notSet", trees: everywhere, in: "key", login: byKey},
	{name: "prohibitPasswordWithoutKey", config: rootByKey, keys: "-", login: noKeyThere},
	// sshd says that the key is taken, and ends the connection before anything is run.
	{name: "forcedOnlyPlainKey", trees: everywhere, config: rootForced, login: noKeyThere, noted: "keys"},
	{name: "forcedOnlyCommandKey", trees: everywhere, config: rootForced, keys: `command="echo ran" KEY`, in: "key=forced", login: byKey},
	// ForceCommand of the configuration is not what PermitRootLogin asks for.
	{name: "forcedOnlyForceCommand", config: rootForced + "ForceCommand echo ran\n", login: noKeyThere},
	{name: "yesForceCommand", config: rootYes + "ForceCommand echo ran\n", in: "kbdint=forced key=forced password=forced", login: byPassword},
	{name: "no", trees: everywhere, config: rootNo, login: "pass", noted: "keys"},
	{name: "noListed", config: rootNo + "AllowUsers root\n", login: "pass"},
	{name: "kbdintOnly", trees: everywhere, config: rootYes + "PasswordAuthentication no\nKbdInteractiveAuthentication yes\nChallengeResponseAuthentication yes\n", in: "kbdint key", login: byPassword},
	{name: "kbdintWithoutPAM", config: rootYes + "PasswordAuthentication no\nKbdInteractiveAuthentication yes\n", noPAM: true, in: "key", login: byKey},
	{name: "passwordWithoutPAM", config: rootYes, noPAM: true, in: "key password", login: byPassword},
	{name: "noMethodButKeys", config: rootYes + noPasswords, keys: "-", login: noKeyThere},
	{name: "keysOnly", config: rootYes + noPasswords, in: "key", login: byKey},
	{name: "noKeys", config: rootByKey + "PubkeyAuthentication no\n", login: "pass", noted: "login"},
	{name: "nothingOn", config: rootYes + noPasswords + "PubkeyAuthentication no\n", login: "pass", noted: "login"},
	// The older name is an alias since 8.7: the first of the two counts. Before, two
	// settings stood side by side and only this one let anybody in.
	{name: "aliasFirst", trees: bookworm, config: rootYes + "PasswordAuthentication no\nChallengeResponseAuthentication yes\nKbdInteractiveAuthentication no\n", in: "kbdint key", login: byPassword},
	{name: "aliasLast", trees: bookworm, config: rootYes + "PasswordAuthentication no\nKbdInteractiveAuthentication no\nChallengeResponseAuthentication yes\n", in: "key", login: byKey},
	{name: "challengeLast", trees: bullseye, config: rootYes + "PasswordAuthentication no\nKbdInteractiveAuthentication no\nChallengeResponseAuthentication yes\n", in: "kbdint key", login: byPassword},
	{name: "challengeNo", trees: bullseye, config: rootYes + "PasswordAuthentication no\nKbdInteractiveAuthentication yes\nChallengeResponseAuthentication no\n", in: "key", login: byKey},
	{name: "challengeNotSet", trees: bullseye, config: rootYes + "PasswordAuthentication no\nKbdInteractiveAuthentication no\n", in: "kbdint key", login: byPassword},
	{name: "dropInFirst", config: "Include /etc/ssh/sshd_config.d/*.conf\n" + rootNo, files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": rootYes}, in: allThree, login: byPassword},
	{name: "dropInLast", config: rootNo + "Include /etc/ssh/sshd_config.d/*.conf\n", files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": rootYes}, login: "pass"},
	{name: "matchEndsWithItsFile", config: "Include /etc/ssh/sshd_config.d/*.conf\n" + rootNo, files: map[string]string{"/etc/ssh/sshd_config.d/10.conf": "Match User root\nX11Forwarding no\n", "/etc/ssh/sshd_config.d/20.conf": rootYes}, in: allThree, login: byPassword},
}

// listRows are the lists that shut accounts out.
var listRows = []loginRow{
	{name: "allowAlice", trees: everywhere, config: rootYes + "AllowUsers alice\n", login: "pass", noted: "login keys"},
	{name: "allowRootFromOther", config: rootYes + "AllowUsers root@10.*\n", in: onlyOther, login: byPassword, names: "root@10.*"},
	{name: "allowUpperCase", config: rootYes + "AllowUsers ROOT\n", login: "pass", noted: "login keys"},
	{name: "denyRoot", config: rootYes + "DenyUsers root\n", login: "pass", noted: "login keys"},
	{name: "denyPattern", config: rootYes + "DenyUsers r*\n", login: "pass", noted: "login keys"},
	{name: "allowWheel", config: rootYes + "AllowGroups wheel\n", login: "pass", noted: "login keys"},
	{name: "denyGroupRoot", config: rootYes + "DenyGroups root\n", login: "pass", noted: "login keys"},
	{name: "allowEverybody", config: rootYes + "AllowUsers *\n", in: allThree, login: byPassword},
	{name: "allowGroupRoot", config: rootYes + "AllowGroups root\n", in: allThree, login: byPassword},
	{name: "denyRootFromOther", config: rootYes + "DenyUsers root@10.*\n", in: onlyLoopback, login: byPassword, names: "root@10.*"},
	{name: "allowNotRootAndEverybody", trees: everywhere, config: rootYes + "AllowUsers !root *\n", in: allThree, login: byPassword},
	{name: "allowNotRoot", config: rootYes + "AllowUsers !root\n", login: "pass", noted: "login keys"},
	{name: "allowAndDeny", config: rootYes + "AllowUsers root\nDenyUsers root\n", login: "pass", noted: "login keys"},
	{name: "allowLinesAddUp", config: rootYes + "AllowUsers alice\nAllowUsers root\n", in: allThree, login: byPassword},
	{name: "allowUserOfOtherGroup", config: rootYes + "AllowUsers root\nAllowGroups wheel\n", login: "pass", noted: "login keys"},
	{name: "matchReplacesList", config: rootYes + "AllowUsers alice\n" + fromOther + "AllowUsers root\n", in: onlyOther, login: byPassword, names: "10.9.9.0/24"},
	{name: "refuseConnection", trees: fromTen, config: rootYes + "Match User root\nRefuseConnection yes\n", login: "pass", noted: "login keys"},
	{name: "refuseSomeConnections", trees: fromTen, config: rootYes + fromOther + "RefuseConnection yes\n", in: onlyLoopback, login: byPassword, names: "10.9.9.0/24"},
}

// methodRows are AuthenticationMethods.
var methodRows = []loginRow{
	{name: "methodKey", config: rootYes + "AuthenticationMethods publickey\n", in: "key", login: byKey},
	{name: "methodsBoth", trees: everywhere, config: rootYes + "AuthenticationMethods publickey,password\n", in: "together", login: byKey},
	{name: "methodsBothWithoutKey", config: rootYes + "AuthenticationMethods publickey,password\n", keys: "-", login: noKeyThere},
	{name: "methodPasswordProhibited", config: rootByKey + "AuthenticationMethods password\n", login: "pass", noted: "login"},
	{name: "methodsBothProhibited", config: rootByKey + "AuthenticationMethods publickey,password\n", login: "pass", noted: "login"},
	{name: "methodAny", config: rootYes + "AuthenticationMethods any\n", in: allThree, login: byPassword},
	{name: "methodKbdintPAM", config: rootYes + "AuthenticationMethods keyboard-interactive:pam\n", in: "kbdint", login: byPassword},
	{name: "methodAlternatives", config: rootYes + "AuthenticationMethods publickey,keyboard-interactive password\n", in: "password", login: byPassword, keysV: "pass|fail"},
	{name: "methodByAddress", config: rootYes + "AuthenticationMethods publickey\n" + fromOther + "AuthenticationMethods password\n", in: "key@127.0.0.1 password@10.9.9.1", login: byPassword, names: "10.9.9.0/24"},
	// The second step fails for root.
	{name: "methodSecondIsOff", config: rootForced + "AuthenticationMethods publickey,keyboard-interactive\n", keys: `command="echo ran" KEY`, login: "pass", noted: "login"},
}

// keyRows are which keys count.
var keyRows = []loginRow{
	{name: "keysFileNone", config: rootByKey + "AuthorizedKeysFile none\n", login: "pass|" + noKeyThere},
	{name: "secondDefaultFile", trees: everywhere, config: rootByKey, keys: "-", files: map[string]string{"/root/.ssh/authorized_keys2": "KEY\n"}, in: "key", login: byKey},
	{name: "keysFileWithToken", config: rootByKey + "AuthorizedKeysFile /etc/ssh/keys/%u\n", keys: "-", files: map[string]string{"/etc/ssh/keys/root": "KEY\n"}, in: "key", login: byKey},
	{name: "secondKeysFile", config: rootByKey + "AuthorizedKeysFile .ssh/not-there /etc/ssh/keys/%U\n", keys: "-", files: map[string]string{"/etc/ssh/keys/0": "KEY\n"}, in: "key", login: byKey},
	{name: "otherKeysFile", config: rootByKey + "AuthorizedKeysFile .ssh/not-there\n", login: noKeyThere},
	{name: "keyFromOther", trees: everywhere, config: rootByKey, keys: `from="10.9.9.1" KEY`, in: "key@10.9.9.1", login: byKey},
	{name: "keyWithOptions", config: rootByKey, keys: `restrict,environment="A=b c" KEY name with blanks`, in: "key", login: byKey},
	{name: "keyAfterRubbish", config: rootByKey, keys: "# comment\n\nssh-ed25519 AAAA broken\n  \tKEY", in: "key", login: byKey},
	{name: "keyBroken", config: rootByKey, keys: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA== short\n#KEY", login: noKeyThere},
	{name: "keyExpired", config: rootByKey, keys: `expiry-time="20200101" KEY`, login: noKeyThere + "|" + byKey},
	{name: "keyUnknownOption", config: rootByKey, keys: `no-such-option KEY`, login: noKeyThere + "|" + byKey},
	{name: "keyTypeNotAccepted", config: rootByKey + "PubkeyAcceptedAlgorithms rsa-sha2-512\n", login: noKeyThere + "|" + byKey, keysV: "pass|fail"},
	{name: "keyRevoked", config: rootByKey + "RevokedKeys /etc/ssh/revoked\n", files: map[string]string{"/etc/ssh/revoked": "KEY\n"}, login: noKeyThere + "|" + byKey, keysV: "pass|fail|unknown"},
	{
		name: "keyOfCloudImage", config: rootByKey, login: noKeyThere + "|" + byKey, in: "key=forced", keysV: "pass", noted: "keys",
		keys: `no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo 'Please login as the user \"admin\" rather than the user \"root\".';echo;sleep 10;exit 142" KEY`,
	},
	{name: "trustedAuthority", trees: notBullseye, config: rootByKey + "TrustedUserCAKeys /etc/ssh/ca.pub\n", keys: "-", files: map[string]string{"/etc/ssh/ca.pub": "KEY\n"}, in: "cert", login: byKey},
	{name: "trustedAuthorityNotForRoot", config: rootByKey + "TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsFile /etc/ssh/principals/%u\n", keys: "-", files: map[string]string{"/etc/ssh/ca.pub": "KEY\n", "/etc/ssh/principals/alice": "root\n"}, login: noKeyThere + "|" + byKey, keysV: "pass|fail"},
	{name: "authorityInKeysFile", config: rootByKey, keys: "cert-authority KEY", in: "cert", login: byKey},
	{
		name: "keysCommand", config: rootByKey + "AuthorizedKeysCommand /usr/local/bin/keys\nAuthorizedKeysCommandUser nobody\n", keys: "-",
		files: map[string]string{"/usr/local/bin/keys": "#!/bin/sh\necho 'KEY'\n"}, in: "key", login: byKey, keysV: "unknown",
	},
}

// conditionRows are Match blocks.
var conditionRows = []loginRow{
	{name: "matchRoot", trees: everywhere, config: rootNo + "Match User root\n" + rootYes, in: allThree, login: byPassword},
	{name: "matchAlice", trees: everywhere, config: rootNo + "Match User alice\n" + rootYes, login: "pass"},
	{name: "matchNotRoot", config: rootNo + "Match User !root,*\n" + rootYes, login: "pass"},
	{name: "matchPattern", config: rootNo + "Match User ro?t\n" + rootYes, in: allThree, login: byPassword},
	{name: "matchRootNo", config: rootYes + "Match User root\n" + rootNo, login: "pass"},
	{name: "matchGroupRoot", config: rootNo + "Match Group root\n" + rootYes, in: allThree, login: byPassword},
	{name: "matchGroupWheel", config: rootNo + "Match Group wheel\n" + rootYes, login: "pass"},
	{name: "matchGroupMember", config: rootNo + "Match Group wheel\n" + rootYes, then: "sed -i 's/^wheel:.*/wheel:x:2009:alice,root/' /etc/group", in: allThree, login: byPassword},
	{name: "matchNobody", config: rootNo + "Match User toor\n" + rootYes, login: "pass"},
	{name: "matchInvalidUser", trees: fromTen, config: rootNo + "Match Invalid-User\n" + rootYes, login: "pass"},
	{name: "matchVersion", trees: fromTen, config: rootNo + "Match Version OpenSSH_10.*\n" + rootYes, in: allThree, login: byPassword},
	{name: "matchAll", config: rootNo + "Match all\n" + rootYes, in: allThree, login: byPassword},
	{name: "matchFirst", config: rootNo + "Match User root\n" + rootNo + "Match all\n" + rootYes, login: "pass"},
	{name: "matchAddressYes", trees: everywhere, config: rootNo + fromOther + rootYes, in: onlyOther, login: byPassword, names: "10.9.9.0/24"},
	{name: "matchAddressNo", config: rootYes + fromOther + rootNo, in: onlyLoopback, login: byPassword, names: "10.9.9.0/24"},
	{name: "matchAddressKey", config: rootNo + fromOther + rootByKey, in: "key@10.9.9.1", login: byKey, names: "10.9.9.0/24"},
	{name: "matchAddressNegated", config: rootNo + "Match Address *,!10.9.9.1\n" + rootYes, in: onlyLoopback, login: byPassword, names: "!10.9.9.1"},
	{name: "matchTwoCriteria", config: rootNo + "Match User root Address 10.9.9.0/24\n" + rootYes, in: onlyOther, login: byPassword, names: "10.9.9.0/24"},
	{name: "matchContradiction", config: rootNo + "Match User alice Address 10.9.9.0/24\n" + rootYes, login: "pass"},
	{name: "matchLocalPort", config: rootNo + "Match LocalPort 2222\n" + rootYes, in: allThree, login: byPassword},
	{name: "matchLocalAddress", config: rootNo + "Match LocalAddress 10.9.9.1\n" + rootYes, in: onlyOther, login: byPassword, names: "10.9.9.1"},
	{name: "matchHost", config: rootNo + "Match Host 10.9.*\n" + rootYes, in: onlyOther, login: byPassword, names: "10.9.*"},
	{name: "passwordByAddress", trees: everywhere, config: rootYes + noPasswords + fromOther + "PasswordAuthentication yes\n", in: "key password@10.9.9.1", login: byPassword, names: "10.9.9.0/24"},
}

// accountRows are the state of root, and of another account with user ID 0.
var accountRows = []loginRow{
	{name: "emptyPermitted", trees: everywhere, config: rootYes + "PermitEmptyPasswords yes\n", shadow: emptyPassword, in: "none", login: byPassword},
	{name: "emptyPermittedWithoutPAM", config: rootYes + "PermitEmptyPasswords yes\n", shadow: emptyPassword, noPAM: true, in: "none", login: byPassword},
	{name: "emptyNotPermitted", trees: everywhere, config: rootYes, shadow: emptyPassword, in: "key", login: noneUsable},
	{name: "emptyNotPermittedWithoutPAM", config: rootYes, shadow: emptyPassword, noPAM: true, in: "key", login: noneUsable},
	{name: "emptyProhibited", config: rootByKey + "PermitEmptyPasswords yes\n", shadow: emptyPassword, in: "key", login: byKey},
	{name: "emptyByKbdintOnly", config: rootYes + "PermitEmptyPasswords yes\nPasswordAuthentication no\n", shadow: emptyPassword, in: "kbdint key", login: byPassword},
	{name: "noPassword", config: rootYes, shadow: noPassword, in: "key", login: noneUsable},
	{name: "noPasswordWithoutPAM", config: rootYes, shadow: noPassword, noPAM: true, in: "key", login: noneUsable},
	{name: "locked", config: rootYes, shadow: lockedPassword, in: "key", login: noneUsable},
	// Without PAM sshd itself refuses an account whose field begins with "!".
	{name: "lockedWithoutPAM", config: rootYes, shadow: lockedPassword, noPAM: true, login: noneUsable + "|pass", keysV: "pass|fail"},
	{name: "expired", config: rootYes, shadow: expiredAccount, login: byPassword + "|" + noneUsable + "|pass", keysV: "pass|fail"},
	// Let in to change the password at a terminal; a command is not run. With
	// keyboard-interactive the new password is asked for before that.
	{name: "mustChange", config: rootYes, shadow: mustChange, in: "key=nothing password=nothing", login: byPassword},
	{name: "shellMissing", config: rootYes, shell: "/bin/not-there", login: byPassword + "|" + noneUsable + "|pass", keysV: "pass|fail"},
	{name: "shellRefuses", config: rootYes, shell: "/usr/sbin/nologin", in: "kbdint=forced key=forced password=forced", login: byPassword},
	{name: "toor", config: rootYes, shadow: noPassword, toor: true, in: "key toor:kbdint toor:password", login: byPassword},
	{name: "toorDeniedRoot", trees: everywhere, config: rootYes + "DenyUsers root\n", toor: true, in: "toor:kbdint toor:password", login: byPassword, names: "toor"},
	{name: "toorAllowedRoot", config: rootYes + "AllowUsers root\n", shadow: noPassword, toor: true, in: "key", login: noneUsable},
	{name: "toorProhibited", config: rootByKey, toor: true, in: "key", login: byKey},
	{name: "toorMatched", config: rootNo + "Match User toor\n" + rootYes, toor: true, in: "toor:kbdint toor:password", login: byPassword, names: "toor"},
	{name: "toorNotMatched", config: rootYes + "Match User root\n" + rootNo, toor: true, in: "toor:kbdint toor:password", login: byPassword, names: "toor"},
	{name: "toorKeyOnly", config: rootByKey, keys: "-", toor: true, files: map[string]string{"/srv/toor/.ssh/authorized_keys": "KEY\n"}, in: "toor:key", login: byKey},
}

// strictRows are the rights of files.
var strictRows = []loginRow{
	{name: "looseKeysFile", trees: everywhere, config: rootByKey, then: "chmod 666 /root/.ssh/authorized_keys", login: noKeyThere, noted: "keys"},
	{name: "looseKeysFileTaken", config: rootByKey + "StrictModes no\n", then: "chmod 666 /root/.ssh/authorized_keys", in: "key", login: byKey},
	// Debian's sshd takes what a group can write whose only member is the account; this
	// row was written as refused, as sshd without Debian's patch does.
	{name: "groupOfRootOnly", trees: everywhere, config: rootByKey, then: "chmod 660 /root/.ssh/authorized_keys", in: "key", login: byKey},
	{name: "groupOfOthers", trees: everywhere, config: rootByKey, then: "chgrp wheel /root/.ssh/authorized_keys && chmod 660 /root/.ssh/authorized_keys", login: noKeyThere, noted: "keys"},
	{name: "looseDirectory", config: rootByKey, then: "chmod 777 /root/.ssh", login: noKeyThere, noted: "keys"},
	{name: "looseHome", config: rootByKey, then: "chmod 777 /root", login: noKeyThere, noted: "keys"},
	{name: "keysFileOfAlice", config: rootByKey, then: "chown alice /root/.ssh/authorized_keys", login: noKeyThere, noted: "keys"},
	{name: "keysFileOfAliceTaken", config: rootByKey + "StrictModes no\n", then: "chown alice /root/.ssh/authorized_keys", in: "key", login: byKey},
	// What counts is where the link leads.
	{name: "linkToAlice", config: rootByKey, then: "mv /root/.ssh/authorized_keys /srv/alice/keys && ln -s /srv/alice/keys /root/.ssh/authorized_keys", login: noKeyThere, noted: "keys"},
	{name: "linkToEtc", config: rootByKey, then: "mkdir -p /etc/ssh/keys && mv /root/.ssh/authorized_keys /etc/ssh/keys/r && ln -s /etc/ssh/keys/r /root/.ssh/authorized_keys", in: "key", login: byKey},
	{name: "stickyDirectory", config: rootByKey + "AuthorizedKeysFile /tmp/keys\n", files: map[string]string{"/tmp/keys": "KEY\n"}, login: noKeyThere, noted: "keys"},
	{name: "keysFileIsDirectory", config: rootByKey, keys: "-", then: "mkdir -p /root/.ssh/authorized_keys", login: noKeyThere},
	{name: "keysFileUnreadableByOthers", config: rootByKey, then: "chmod 000 /root/.ssh/authorized_keys", in: "key", login: byKey},
}
