# shellcheck shell=bash disable=SC2154
# XLA's plugins and a trained network, for scripts/setup, which sources it. None of this is fatal: the pure-Go engine needs no plugin,
# and a network that needs no download comes along.

plugins=$(cache_dir)/pjrt

# cpu_plugin: where a CPU plugin is; the order is the caller's wish, ours, then go-xla's usual folders.
cpu_plugin() {
	local IFS=: dir file
	for dir in ${PJRT_PLUGIN_LIBRARY_PATH:-} "$plugins" "$HOME/.local/lib/go-xla" "$HOME/Library/Application Support/go-xla" /usr/local/lib/go-xla; do
		for file in "$dir"/pjrt_c_api_cpu_plugin.so "$dir"/pjrt_c_api_cpu_v*_plugin.so; do
			[ -f "$file" ] && printf '%s\n' "$file" && return
		done
	done
	return 1
}

go_xla_release() { quietly "$helper" cpu "$stage"; }

wheel() {
	quietly plugin_wheel "$stylebook_venv/bin/python" "$stage" || return 1
	mv "$stage"/*/pjrt_c_api_cpu_plugin.so "$stage/pjrt_c_api_cpu_plugin.so"
}

helper=$stylebook_state/plugin-helper stage=$plugins/part.$$
xla_plugins() {
	local need_cpu='' need_cuda=''
	if [ "$CGO_ENABLED" = 0 ]; then
		warn "no working C compiler, so no XLA: the pure-Go engine serves, which takes 1.3 to 1.5 times as long (for XLA: apt install gcc libc6-dev; macOS: xcode-select --install; and run this again)"
		return
	fi
	cpu_plugin >/dev/null || failed_lately "$stylebook_state/no-cpu-plugin" || need_cpu=1
	if [ -n "$cuda" ] && { [ "$cuda" = elsewhere ] || nvidia-smi >/dev/null 2>&1; } && [ "$(uname -sm)" = "Linux x86_64" ]; then
		cuda_plugin >/dev/null || failed_lately "$stylebook_state/no-cuda-plugin" || need_cuda=1
	fi
	[ -n "$need_cpu$need_cuda" ] || return 0
	changed=1
	if ! (cd "$stylebook_repo" && quietly go build -o "$helper" ./scripts/tools/plugin); then
		warn "XLA: $(why)"
		return
	fi
	[ -z "$need_cpu" ] || get_cpu_plugin
	[ -z "$need_cuda" ] || get_cuda_plugin
	rm -f "$helper"
}

get_cpu_plugin() {
	local source=go_xla_release
	if [ "$(uname -sm)" = "Linux x86_64" ]; then source=wheel; fi # its hash is pinned; the release, of one version too, has none
	say "XLA for the CPU: downloading its plugin (60 to 100 MB)"
	rm -f "$stylebook_state/no-cpu-plugin"
	rm -rf "$stage" && mkdir -p "$stage"
	if "$source" && quietly "$helper" try "$stage/pjrt_c_api_cpu_plugin.so"; then
		mv -f "$stage/pjrt_c_api_cpu_plugin.so" "$plugins/pjrt_c_api_cpu_plugin.so"
		rm -rf "$stage"
		say "XLA for the CPU: done ($(cat "$log"))"
		return
	fi
	rm -rf "$stage"
	: >"$stylebook_state/no-cpu-plugin"
	warn "XLA's CPU plugin could not be had, and the slower pure-Go engine is used: $(why)"
}

cuda_plugin() {
	local IFS=: dir
	for dir in ${PJRT_PLUGIN_LIBRARY_PATH:-} "$plugins/lib/go-xla/nvidia" "$HOME/.local/lib/go-xla/nvidia" /usr/local/lib/go-xla/nvidia; do
		[ -f "$dir/pjrt_c_api_cuda_plugin.so" ] && printf '%s\n' "$dir/pjrt_c_api_cuda_plugin.so" && return
	done
	return 1
}

get_cuda_plugin() {
	local file=$plugins/lib/go-xla/nvidia/pjrt_c_api_cuda_plugin.so downloads=$plugins/part-cuda
	say "XLA for the NVIDIA card: downloading its plugin and NVIDIA's libraries (3 GB; --no-cuda leaves them out)"
	rm -f "$stylebook_state/no-cuda-plugin"
	mkdir -p "$downloads" # kept after a failure, so that finished files aren't downloaded again
	if XDG_CACHE_HOME=$downloads quietly "$helper" cuda "$plugins/lib/go-xla"; then
		rm -rf "$downloads"
		if [ "$cuda" = elsewhere ]; then
			say "XLA for the NVIDIA card: done (not tried)"
			return
		fi
		if quietly "$helper" try "$file"; then
			say "XLA for the NVIDIA card: done ($(tail -n 1 "$log"))"
			return
		fi
		rm -f "$file"
	fi
	: >"$stylebook_state/no-cuda-plugin"
	warn "XLA's plugin for the NVIDIA card could not be had, and the CPU is used: $(why)"
}

trained_network() {
	local tool=$stylebook_state/weights-helper log=$stylebook_state/weights.log # it runs beside other steps
	if [ -z "$weights" ] || failed_lately "$stylebook_state/no-weights"; then return; fi
	if ! (cd "$stylebook_repo" && quietly go build -o "$tool" ./scripts/tools/weights); then
		warn "trained network: $(why)"
		return
	fi
	if quietly "$tool" here; then return; fi
	say "trained network: downloading VGG-19 (52 MB), or VGG-16 (64 MB) if its servers don't answer in 10 s"
	rm -f "$stylebook_state/no-weights"
	if "$tool" get "$stylebook_venv/bin/python" >"$log"; then
		say "trained network: done ($(tail -n 1 "$log"))"
		return
	fi
	: >"$stylebook_state/no-weights"
	warn "no trained network could be had, and the one that comes along is used: $(why)"
}
