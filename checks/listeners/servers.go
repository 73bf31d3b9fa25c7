package listeners

import "strings"

// set makes a set of words.
func set(words string) map[string]bool {
	m := map[string]bool{}
	for word := range strings.FieldsSeq(words) {
		m[word] = true
	}
	return m
}

// servers are programs that listen outside as their packages configure them, or
// whose configuration decides: Debian's, Red Hat's, SUSE's and Alpine's names.
// What is on loopback by default (MariaDB on Debian, cups) is here too: another
// file than the unit decides, and none of them is read here.
var servers = set(`
	sshd dropbear in.telnetd telnetd utelnetd
	vsftpd proftpd pure-ftpd in.ftpd ftpd uftpd bftpd in.tftpd tftpd atftpd
	apache2 apachectl apache2ctl httpd httpd.worker nginx lighttpd caddy h2o thttpd haproxy varnishd squid squid3 traefik envoy
	named named-pkcs11 unbound dnsmasq pdns_server pdns_recursor knotd kresd nsd bind9 dnsdist coredns
	mysqld mariadbd postgres postmaster mongod mongos redis-server redis-sentinel redis-check-rdb valkey-server memcached systemd-memcached-wrapper
	etcd influxd cockroach clickhouse-server
	smbd nmbd samba winbindd rpcbind portmap rpc.mountd rpc.statd rpc.nfsd rpc.rquotad nfsd ypserv rpc.yppasswdd
	master sendmail exim exim4 dovecot cyrmaster cyrus-master postsrsd opendkim courier imapd
	slapd ns-slapd krb5kdc kadmind kpasswdd radiusd freeradius tac_plus
	snmpd snmptrapd zabbix_server zabbix_proxy zabbix_agentd zabbix_agent2 nrpe nsca node_exporter prometheus prometheus-node-exporter
	cupsd cups-browsed avahi-daemon xinetd inetd inetutils-inetd openbsd-inetd rlinetd
	dhcpd kea-dhcp4 kea-dhcp6 udhcpd radvd openvpn charon pluto racoon xl2tpd pptpd wireguard-go tailscaled zerotier-one
	dockerd containerd-shim rancher k3s kubelet kube-apiserver kube-proxy libvirtd virtproxyd
	Xvnc Xtigervnc x11vnc xrdp xrdp-sesman rsync rsyncd git-daemon svnserve cvs
	asterisk freeswitch kamailio mosquitto rabbitmq-server beam.smp
	tentacle_server pandora_server salt-master puppetserver glusterd ceph-mon ceph-osd ceph-mgr tgtd
	minio vault consul nomad grafana grafana-server jenkins gitea
	utserver transmission-daemon sslh stunnel stunnel4 nfs-ganesha ganesha.nfsd murmurd mumble-server
`)

// serverUnits are names of services whose program is an interpreter or a script.
var serverUnits = set(`
	ssh sshd dropbear apache2 apache httpd nginx mysql mariadb mysqld postgresql redis-server redis memcached mongodb mongod
	postfix exim4 dovecot named bind9 unbound dnsmasq smbd nmbd samba rpcbind nfs-server nfs-kernel-server nfs
	snmpd vsftpd proftpd pure-ftpd tftpd-hpa xinetd inetd openbsd-inetd
	tomcat tomcat9 tomcat10 elasticsearch opensearch logstash kibana cassandra zookeeper kafka jenkins
	tentacle_serverd tentacle_server pandora_server salt-master puppetserver rabbitmq-server squid haproxy ntp ntpsec
`)

// nonListeners are programs that never listen, or only on unix sockets, netlink
// and loopback, or whose UDP sockets are a client's as they are configured by
// their packages.
//
// What decides by a configuration that is read here is in settledDaemons. The
// system: cron, at, getty, D-Bus, udev, polkit, logging to files, power, disks, sensors.
// Security: AppArmor, fail2ban's socket is a unix one. Virtual machines:
// guest agents speak over virtio. Updates: timers and D-Bus services.
var nonListeners = set(`
	cron crond anacron atd fcron dcron cronie
	agetty getty mingetty fgetty login sulogin plymouthd plymouth
	dbus-daemon dbus-broker dbus-broker-launch dbus-launch messagebus
	polkitd accounts-daemon upowerd udisksd colord rtkit-daemon switcheroo-control power-profiles-daemon bluetoothd bolt boltd
	udevd eudev mdev acpid thermald irqbalance smartd mcelog rasdaemon lm_sensors sensord fancontrol fwupd cpufreqd tuned
	audispd auditctl augenrules apparmor_parser haveged rngd jitterentropy-rngd fail2ban-server sssd sssd_nss
	klogd
	NetworkManager nm-dispatcher wpa_supplicant iwd ModemManager ifup ifplugd netplan dhclient dhcpcd udhcpc connmand wickedd
	qemu-ga vmtoolsd VGAuthService hv_kvp_daemon hv_vss_daemon hv_fcopy_daemon spice-vdagentd VBoxService xe-daemon walinuxagent
	lvm lvmpolld lvmetad dmeventd mdadm multipathd iscsid iscsiuio blkmapd rpc.idmapd rpc.gssd rpc.svcgssd nfsdcld fsidd sm-notify automount zed zfs
	unattended-upgrade unattended-upgrade-shutdown packagekitd snapd needrestart dnf-automatic
	low-memory-monitor earlyoom oomd zramctl zramswap swapon
	kmod modprobe setupcon loadkeys setfont console-setup keyboard-setup hwclock fsck mount umount sysctl true false echo
	logrotate man-db updatedb fstrim e2scrub_all e2scrub_reap nft iptables-restore ip6tables-restore ebtables-restore ufw ufw-init firewalld
	gpm kexec-load kdump kdumpctl abrtd abrt-dump-journal-oops abrt-watch-log mcstransd restorecond setroubleshootd usbguard-daemon
	rhsmcertd rhsm-service insights-client-boot nscd nslcd unscd alsactl brltty speech-dispatcher
	sddm lxdm crio-wipe acct accton psacct sysstat sa1 debian-sa1 sadc
	procps hwclock.sh hostname bootmisc devfs dmesg hwdrivers savecache sysfs killprocs mount-ro seedrng urandom busybox-syslogd local modloop
`)

// quietUnits are services run by an interpreter that do not listen outside.
var quietUnits = set(`
	fail2ban unattended-upgrades networkd-dispatcher firewalld tuned cloud-init cloud-init-local cloud-config cloud-final
	walinuxagent ufw blk-availability mdmonitor google-guest-agent
	apport console-setup keyboard-setup kmod procps sysstat unbound-resolvconf smartmontools dbus lvm2-lvmpolld
	cron anacron uuidd mdadm autofs
`)
