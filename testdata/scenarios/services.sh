# Terraform, Ansible, Docker, Kubernetes, networks, registries and the machine itself.

fail_terraform_reference() {
  root 'Error: Reference to undeclared input variable'
  printf 'output "region" {\n  value = var.regoin\n}\n' >main.tf
  terraform init -no-color >/dev/null && terraform plan -no-color
}

fail_terraform_syntax() {
  codearts 'Terraform:official_shell'
  root 'Error: Unclosed configuration block'
  printf 'locals {\n  errors = 0\n' >main.tf
  terraform init -no-color
}

fail_terraform_provider() {
  root 'Error: Failed to query available provider packages'
  root 'Could not retrieve the list of available versions for provider shop.invalid/payments'
  printf 'terraform {\n  required_providers {\n    payments = { source = "registry.shop.invalid/shop/payments" }\n  }\n}\n' >main.tf
  terraform init -no-color
}

pass_terraform_plan() {
  printf 'resource "terraform_data" "error_page" {\n  input = "error.html: 0 errors"\n}\ncheck "prices" {\n  assert {\n    condition = terraform_data.error_page.output != ""\n    error_message = "Error: no prices"\n  }\n}\n' >main.tf
  terraform init -no-color && terraform apply -auto-approve
}

fail_ansible_task() {
  codearts 'Ansible:official_shell'
  root "fatal: [localhost]: FAILED! =>"
  file site.yml <<'YAML'
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: an error that is ignored
      ansible.builtin.command: "false"
      ignore_errors: true
    - name: copy the prices
      ansible.builtin.copy: { src: /srv/prices.csv, dest: ./prices.csv }
YAML
  ansible-playbook -i localhost, site.yml
}

fail_ansible_syntax() {
  root 'ERROR! '
  printf -- '- hosts: localhost\n  tasks:\n    - name: broken\n      no_such_module_at_all:\n        x: 1\n' >site.yml
  ansible-playbook -i localhost, site.yml
}

fail_docker_daemon() {
  root 'Cannot connect to the Docker daemon at'
  printf 'FROM alpine\nRUN echo error\n' >Dockerfile
  DOCKER_BUILDKIT=0 DOCKER_HOST=unix:///run/no-docker.sock docker build -t shop .
}

fail_kubectl_refused() {
  codearts 'Kubernetes:official_shell'
  root 'error: unable to recognize "shop.yml"'
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: errors }\n' >shop.yml
  kubectl --server=http://127.0.0.1:9 apply -f shop.yml --validate=false
}

fail_kubectl_yaml() {
  root 'error parsing shop.yml: error converting YAML to JSON'
  printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: errors\n data: x\n' >shop.yml
  kubectl apply --dry-run=client --validate=false -f shop.yml
}

fail_curl_dns() {
  root 'curl: (6) Could not resolve host: prices.shop.invalid'
  printf 'set -ex\ncurl -fsS -o error-pages.zip https://prices.shop.invalid/errors.zip\nunzip error-pages.zip\n' >get.sh
  bash get.sh
}

# serve STATUS: an HTTP server on loopback that answers everything so.
serve() {
  python3 -c '
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(int(sys.argv[1]))
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 18080), Handler)
server.serve_forever()' "$1" &
  server=$!
  trap 'kill $server' EXIT
  for _ in 1 2 3 4 5 6 7 8 9 10; do curl -s -o /dev/null http://127.0.0.1:18080/ && break || sleep 0.2; done
}

fail_curl_forbidden() {
  codearts 'Shell:official_shell'
  root 'curl: (22) The requested URL returned error: 403'
  serve 403
  echo 'fetching error-pages.zip'
  curl -fsS -o error-pages.zip http://127.0.0.1:18080/errors.zip
}

fail_wget_missing() {
  root 'ERROR 404: Not Found.'
  serve 404
  wget -nv http://127.0.0.1:18080/prices.csv
}

fail_npm_unauthorized() {
  root 'npm error code E401'
  root '401 Unauthorized'
  serve 401
  printf '{"name": "shop", "version": "1.0.0", "dependencies": {"@shop/payments": "1.0.0"}}\n' >package.json
  npm install --registry=http://127.0.0.1:18080/ --fetch-retries=0 --no-audit --no-fund
}

fail_npm_missing() {
  codearts 'Npm构建:official_shell_npm'
  root 'npm error 404 Not Found - GET http://127.0.0.1:18080/@shop%2fpayments'
  root 'npm error code E404'
  serve 404
  printf '{"name": "shop", "version": "1.0.0", "dependencies": {"@shop/payments": "1.0.0"}}\n' >package.json
  npm install --registry=http://127.0.0.1:18080/ --fetch-retries=0 --no-audit --no-fund
}

fail_pip_server() {
  root 'No matching distribution found for payments-of-the-shop'
  root 'Could not find a version that satisfies the requirement payments-of-the-shop'
  serve 503
  /usr/bin/python3 -m venv venv >/dev/null
  venv/bin/pip install --disable-pip-version-check --retries 1 --timeout 2 -i http://127.0.0.1:18080/simple payments-of-the-shop
}

fail_tls_unknown_authority() {
  root 'curl: (60) SSL certificate problem: self-signed certificate'
  openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 2>/dev/null
  openssl s_server -quiet -accept 18443 -key key.pem -cert cert.pem -www >/dev/null 2>&1 &
  server=$!
  trap 'kill $server' EXIT
  sleep 1
  curl -fsS https://127.0.0.1:18443/prices.csv
}

fail_apt_missing() {
  codearts 'Shell:official_shell'
  root 'E: Unable to locate package payments-of-the-shop'
  apt-get install -y --no-install-recommends payments-of-the-shop
}

fail_disk_full() {
  root 'No space left on device'
  printf 'set -e\necho "writing error report"\nseq 1 100000 >/dev/full\necho written\n' >report.sh
  bash report.sh
}

fail_disk_quota() {
  codearts 'Shell:official_shell'
  root "File size limit exceeded"
  root "File too large"
  printf 'ulimit -f 10\ndd if=/dev/zero of=errors.img bs=1k count=100\n' >image.sh
  bash image.sh
}

fail_memory_malloc() {
  root 'MemoryError'
  printf 'print("loading the error corpus", flush=True)\nprices = [0] * (10 ** 9)\n' >shop.py
  ulimit -v 400000
  /usr/bin/python3 shop.py
}

fail_gpg_signing() {
  root 'gpg: signing failed: '
  root "gpg: no default secret key: No secret key"
  mkdir -m 700 keys
  echo shop >shop.txt
  gpg --homedir keys --batch --detach-sign shop.txt
}

fail_ssh_refused() {
  root 'connect to host 127.0.0.1 port 9: Connection refused'
  ssh -o BatchMode=yes -p 9 deploy@127.0.0.1 true
}
