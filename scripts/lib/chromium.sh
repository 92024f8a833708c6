# Where a Chromium is, for the tests that look at the page as a person does.

# Prints the path of one, or nothing.
find_chromium() {
    local name
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if command -v "$name" >/dev/null; then
            command -v "$name"
            return
        fi
    done
}

# Installs one where that takes no more than the system's own packages.
install_chromium() {
    [[ "$(id -u)" == 0 ]] && command -v apt-get >/dev/null || return 0
    echo "Installing chromium, for the tests of the page."
    {
        apt-get update -q &&
            DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
                chromium fonts-dejavu-core
    } >/dev/null 2>&1 || echo "It cannot be installed."
}
