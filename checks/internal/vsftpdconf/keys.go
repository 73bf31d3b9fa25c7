package vsftpdconf

import "strings"

// Keys by kind: vsftpd.conf(5) of 3.0.3, and those the program knows and the page
// does not name. What each is was asked of the program itself.
const (
	booleanKeys = `
	allow_anon_ssl allow_writeable_chroot anon_mkdir_write_enable anon_other_write_enable
	anon_upload_enable anon_world_readable_only anonymous_enable ascii_download_enable
	ascii_upload_enable async_abor_enable background check_shell chmod_enable chown_uploads
	chroot_list_enable chroot_local_user connect_from_port_20 debug_ssl delete_failed_uploads
	deny_email_enable dirlist_enable dirmessage_enable download_enable dual_log_enable
	force_anon_data_ssl force_anon_logins_ssl force_dot_files force_local_data_ssl
	force_local_logins_ssl ftp_enable guest_enable hide_ids http_enable implicit_ssl isolate
	isolate_network listen listen_ipv6 local_enable lock_upload_files log_ftp_protocol ls_recurse_enable
	mdtm_write no_anon_password no_log_lock one_process_model passwd_chroot_enable pasv_addr_resolve
	pasv_enable pasv_promiscuous port_enable port_promiscuous ptrace_sandbox require_cert
	require_ssl_reuse run_as_launching_user seccomp_sandbox secure_email_list_enable session_support
	setproctitle_enable ssl_enable ssl_request_cert ssl_sslv2 ssl_sslv3 ssl_tlsv1 strict_ssl_read_eof
	strict_ssl_write_shutdown syslog_enable tcp_wrappers text_userdb_names tilde_user_enable
	use_localtime use_sendfile userlist_deny userlist_enable validate_cert
	virtual_use_local_privs write_enable xferlog_enable xferlog_std_format
`
	numberKeys = `
	accept_timeout anon_max_rate anon_umask chown_upload_mode connect_timeout data_connection_timeout
	delay_failed_login delay_successful_login file_open_mode ftp_data_port idle_session_timeout
	listen_port local_max_rate local_umask max_clients max_login_fails max_per_ip pasv_max_port
	pasv_min_port trans_chunk_size
`
	textKeys = `
	anon_root banned_email_file banner_file ca_certs_file chown_username chroot_list_file cmds_allowed
	cmds_denied deny_file download_file dsa_cert_file dsa_private_key_file email_password_file
	ftp_username ftpd_banner guest_username hide_file listen_address listen_address6 local_root
	message_file nopriv_user pam_service_name pasv_address rsa_cert_file rsa_private_key_file
	secure_chroot_dir ssl_ciphers upload_file user_config_dir user_sub_token userlist_file
	vsftpd_log_file xferlog_file
`
	// Keys that only some builds know; another one refuses a file that holds one. None
	// of them decides whether or where it listens.
	tlsBooleanKeys    = `ssl_tlsv11 ssl_tlsv12 ssl_tlsv13`
	tlsTextKeys       = `ssl_sni_hostname`
	debianKeys        = `utf8_filesystem`
	redHatBooleanKeys = `ssl_tlsv1_1 ssl_tlsv1_2 ssl_tlsv1_3 userlist_log`
	redHatTextKeys    = `dh_param_file ecdh_param_file`
)

// Kind is what values a key takes.
type Kind int

// Kinds. The zero value is a key vsftpd does not know.
const (
	UnknownKey Kind = iota
	Boolean
	Number
	Text
)

// KindOf returns the kind of a key, whichever build knows it. Keys are told by case.
func KindOf(key string) Kind {
	switch {
	case holds(textKeys, key), holds(tlsTextKeys, key), holds(redHatTextKeys, key):
		return Text
	case holds(booleanKeys, key), holds(tlsBooleanKeys, key), holds(debianKeys, key), holds(redHatBooleanKeys, key):
		return Boolean
	case holds(numberKeys, key):
		return Number
	}
	return UnknownKey
}

// knows tells whether a build knows a key.
func (b Build) knows(key string) Answer {
	switch {
	case holds(tlsBooleanKeys, key), holds(tlsTextKeys, key):
		return b.TLSKeys
	case holds(debianKeys, key):
		return b.DebianKeys
	case holds(redHatBooleanKeys, key), holds(redHatTextKeys, key):
		return b.RedHatKeys
	case KindOf(key) != UnknownKey:
		return Yes
	case b.NoOtherKeys == Yes:
		return No
	}
	return Maybe
}

func holds(list, key string) bool {
	for word := range strings.FieldsSeq(list) {
		if word == key {
			return true
		}
	}
	return false
}
