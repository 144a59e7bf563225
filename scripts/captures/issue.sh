# Sourced by certs.sh and peers/certificates.sh, each of which goes on in a folder of its own with its own ca.cnf.

# issue NAME KEY ISSUER SUBJECT EXTENSIONS [FROM [TO [DIGEST]]]: KEY is what genpkey takes, ISSUER "self" for a root
issue() {
    openssl genpkey -out "$1.key" $2 2>/dev/null
    openssl req -new -key "$1.key" -subj "$4" -out "$1.csr"
    printf '[v]\n%b' "$5" > "$1.cnf"
    cat ca.cnf >> "$1.cnf"
    local by="-cert $3.pem -keyfile $3.key"
    [ "$3" = self ] && by="-selfsign -keyfile $1.key"
    openssl ca -batch -notext -config "$1.cnf" -extensions v $by -md "${8:-sha256}" -startdate "${6:-20260101000000Z}" -enddate "${7:-20460101000000Z}" -in "$1.csr" -out "$1.pem" 2>/dev/null
}
RSA="-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
EC="-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
