{{/* What follows from `servers`: the Corefile and the ports. */}}

{{- define "ferrydns.corefile" -}}
{{- range $name, $import := .Values.extraConfig }}
{{ $name }}{{ with $import.parameters }} {{ . }}{{ end }}
{{- end }}
{{- range .Values.servers }}
{{ include "ferrydns.keys" . }} {
{{- range .plugins }}
    {{ .name }}{{ with .parameters }} {{ . }}{{ end }}{{ with .configBlock }} {
{{ . | indent 8 }}
    }{{ end }}
{{- end }}
}
{{- end }}
{{- end -}}

{{/* The port stands behind the last zone alone, as the CoreDNS chart has it: without one there it is the usual port of the scheme. */}}
{{- define "ferrydns.keys" -}}
{{- $keys := list -}}
{{- range .zones }}{{ $keys = append $keys (printf "%s%s" (.scheme | default "") (.zone | default ".")) }}{{ end -}}
{{- $keys | default (list ".") | join " " -}}{{ with .port }}:{{ . }}{{ end -}}
{{- end -}}

{{/* YAML: for each port of `servers` the transports, and the ports of Service and node. */}}
{{- define "ferrydns.listeners" -}}
{{- $ports := dict -}}
{{- range .Values.servers -}}
  {{- $port := toString .port -}}
  {{- $known := get $ports $port | default (dict "udp" false "tcp" false "servicePort" (.servicePort | default .port)) -}}
  {{- range .zones -}}
    {{- if has (.scheme | default "dns://") (list "tls://" "grpc://" "https://") -}}
      {{- $_ := set $known "tcp" true -}}
    {{- else if eq (.scheme | default "dns://") "dns://" -}}
      {{- $_ := set $known "udp" true -}}
      {{- if .use_tcp }}{{ $_ := set $known "tcp" true }}{{ end -}}
    {{- end -}}
  {{- end -}}
  {{- if not (or $known.udp $known.tcp) }}{{ $_ := set $known "udp" true }}{{ end -}}
  {{- with .nodePort }}{{ $_ := set $known "nodePort" . }}{{ end -}}
  {{- with .hostPort }}{{ $_ := set $known "hostPort" . }}{{ end -}}
  {{- $_ := set $ports $port $known -}}
{{- end -}}
{{- toYaml $ports -}}
{{- end -}}

{{- define "ferrydns.servicePorts" -}}
{{- range $port, $listener := include "ferrydns.listeners" . | fromYaml }}
{{- range $transport := list "udp" "tcp" }}
{{- if get $listener $transport }}
- name: {{ $transport }}-{{ $port }}
  port: {{ $listener.servicePort | int }}
  protocol: {{ upper $transport }}
  targetPort: {{ $port | int }}
  {{- with $listener.nodePort }}
  nodePort: {{ . | int }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "ferrydns.containerPorts" -}}
{{- $listeners := include "ferrydns.listeners" . | fromYaml -}}
{{- range .Values.servers }}{{ range .plugins }}
{{- if eq .name "prometheus" }}{{ $_ := set $listeners (toString .parameters | splitList ":" | last) (dict "tcp" true) }}{{ end }}
{{- end }}{{ end -}}
{{- range $port, $listener := $listeners }}
{{- range $transport := list "udp" "tcp" }}
{{- if get $listener $transport }}
- name: {{ $transport }}-{{ $port }}
  containerPort: {{ $port | int }}
  protocol: {{ upper $transport }}
  {{- with $listener.hostPort }}
  hostPort: {{ . | int }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
