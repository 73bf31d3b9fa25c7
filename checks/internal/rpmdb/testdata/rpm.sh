#!/bin/sh
# Usage: rpm.sh DIR
#
# Makes the sample rpm databases DIR/{rpmdb.sqlite,Packages.db,Packages,Packages.be}.gz and
# DIR/rpm.txt, what rpm itself says of them ("path package"). Needs rpm 4.20 with the
# backends sqlite and ndb, db5.3-util, sqlite3 and python3. Run it in a chroot of Debian 13.
set -eu
out=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME="$work" SOURCE_DATE_EPOCH=1700000000

cat >hostd.spec <<'EOF'
Name: hostd
Version: 1.2.3
Release: 4
Summary: A daemon
License: MIT
BuildArch: noarch
%description
A sample.
%package -n hostd-libs
Summary: Files of it
%description -n hostd-libs
A sample.
%package -n hostd-empty
Summary: No files
%description -n hostd-empty
A sample.
%install
mkdir -p %{buildroot}/usr/sbin %{buildroot}/usr/lib/hostd %{buildroot}/usr/share/doc/hostd %{buildroot}/sbin %{buildroot}/etc
echo a >%{buildroot}/usr/sbin/hostd
echo b >%{buildroot}/sbin/hostd-old
echo c >%{buildroot}/etc/hostd.conf
echo d >%{buildroot}/usr/share/doc/hostd/README
for i in $(seq 1 300); do echo $i >%{buildroot}/usr/lib/hostd/module-with-a-long-name-$i.so; done
echo e >%{buildroot}/usr/lib/hostd/hostd
%files
/usr/sbin/hostd
/sbin/hostd-old
%config /etc/hostd.conf
%doc /usr/share/doc/hostd/README
%files -n hostd-libs
/usr/lib/hostd
%files -n hostd-empty
EOF
rpmbuild -bb --define "_topdir $work/build" --define '_buildhost localhost' --define '_build_id_links none' \
	--define '__os_install_post %{nil}' hostd.spec >log 2>&1 || { cat log >&2; exit 1; }

for backend in sqlite ndb; do
	mkdir "$backend"
	set -- --root "$work/$backend" --dbpath / --define "_db_backend $backend"
	rpmdb --initdb "$@"
	rpm -i --nodeps --noscripts --ignorearch --nosignature --excludedocs "$@" build/RPMS/noarch/*.rpm 2>/dev/null
	rpm -qa --qf '[%{FILENAMES} %{=NAME} %{FILESTATES}\n]' "$@" | awk '$3 == 0 {print $1, $2}' | sort >"$backend.txt"
done
cmp sqlite.txt ndb.txt

# Berkeley DB is what rpm wrote up to RHEL 8; the same headers by Berkeley DB's own tool.
python3 - sqlite/rpmdb.sqlite <<'EOF'
import sqlite3, struct, sys
rows = list(sqlite3.connect("file:%s?mode=ro&immutable=1" % sys.argv[1], uri=True).execute("select hnum, blob from Packages order by hnum"))
for name, letter, order in (("le", "<", 1234), ("be", ">", 4321)):
    with open(name + ".dump", "w") as f:
        f.write("VERSION=3\nformat=bytevalue\ntype=hash\ndb_pagesize=4096\ndb_lorder=%d\nHEADER=END\n" % order)
        for number, blob in [(0, struct.pack(letter + "I", len(rows)))] + rows:
            f.write(" %s\n %s\n" % (struct.pack(letter + "I", number).hex(), blob.hex()))
        f.write("DATA=END\n")
EOF
db5.3_load -f le.dump Packages
db5.3_load -f be.dump Packages.be

for f in sqlite/rpmdb.sqlite ndb/Packages.db Packages Packages.be; do
	gzip -9 -n -c "$f" >"$out/${f##*/}.gz"
done
cp sqlite.txt "$out/rpm.txt"
