package checks

// Benchmark is a published text whose numbers Check.References gives. A number is a
// cross-reference: that the check passes does not mean conformity.
type Benchmark struct {
	Key   string // in Check.References and in reports
	Title string // with the version that the numbers are of
}

// Benchmarks returns the texts that checks refer to, in the order they are shown.
func Benchmarks() []Benchmark {
	return []Benchmark{
		{"cis_debian12", "CIS Debian Linux 12 Benchmark v1.1.0"},
		{"cis_rhel9", "CIS Red Hat Enterprise Linux 9 Benchmark v2.0.0"},
		{"stig_rhel9", "DISA STIG for Red Hat Enterprise Linux 9, V2R9"},
		{"pci_dss_4.0.1", "PCI DSS v4.0.1"},
		{"anssi_bp28", "ANSSI-BP-028 v2"},
		{"ccn_stic_610a22", "CCN-STIC-610A22"},
		{"ens_rd311_2022", "ENS, Royal Decree 311/2022 (Spain), annex II"},
		{"iso27001_2022", "ISO/IEC 27001:2022, annex A"},
		{"cwe", "CWE (MITRE)"},
	}
}
