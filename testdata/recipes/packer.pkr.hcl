build {
  sources = ["source.qemu.server"]
  post-processor "shell-local" {
    inline = [
      "mkdir tree && guestmount --ro -i -a output-server/packer-server tree",
      "trap 'guestunmount tree && rmdir tree' EXIT",
      "hostaudit --root tree --remote-files --kind vm-image --out json=hostaudit.json --out html=hostaudit.html",
    ]
  }
}
