{{/* Names and labels. The values that they look at are those of the CoreDNS chart, and so is the name where none is given: a Deployment cannot change its selector. */}}

{{- define "ferrydns.short" -}}{{- . | trunc 63 | trimSuffix "-" -}}{{- end -}}

{{- define "ferrydns.name" -}}
{{- include "ferrydns.short" (.Values.nameOverride | default "coredns") -}}
{{- end -}}

{{- define "ferrydns.fullname" -}}
{{- $name := .Values.nameOverride | default "coredns" -}}
{{- $both := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- include "ferrydns.short" (.Values.fullnameOverride | default $both) -}}
{{- end -}}

{{- define "ferrydns.k8sApp" -}}
{{- include "ferrydns.short" (.Values.k8sAppLabelOverride | default "coredns") -}}
{{- end -}}

{{- define "ferrydns.deployment" -}}{{ .Values.deployment.name | default (include "ferrydns.fullname" .) }}{{- end -}}

{{- define "ferrydns.serviceAccount" -}}
{{- $own := ternary (include "ferrydns.fullname" .) "default" .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default $own -}}
{{- end -}}

{{- define "ferrydns.clusterRole" -}}
{{- (.Values.clusterRole | default dict).nameOverride | default (include "ferrydns.fullname" .) -}}
{{- end -}}

{{/* What tells the Pods of this release from all others. `part` is "" or "-autoscaler". */}}
{{- define "ferrydns.selectorOf" -}}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/name: {{ include "ferrydns.name" .root }}{{ .part }}
{{- if .root.Values.isClusterService }}
k8s-app: {{ include "ferrydns.k8sApp" .root }}{{ .part }}
{{- end }}
{{- end -}}

{{- define "ferrydns.selector" -}}{{ include "ferrydns.selectorOf" (dict "root" . "part" "") }}{{- end -}}

{{/* Labels of an object: `part` as above, `more` a map of further ones. */}}
{{- define "ferrydns.labelsOf" -}}
{{ include "ferrydns.selectorOf" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | quote }}
{{- if .root.Values.isClusterService }}
kubernetes.io/cluster-service: "true"
kubernetes.io/name: "CoreDNS"
{{- end }}
{{- with .more }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "ferrydns.labels" -}}{{ include "ferrydns.labelsOf" (dict "root" . "part" "" "more" .Values.customLabels) }}{{- end -}}
{{- define "ferrydns.autoscalerLabels" -}}{{ include "ferrydns.labelsOf" (dict "root" . "part" "-autoscaler" "more" .Values.customLabels) }}{{- end -}}

{{/* "annotations:" of these maps, the later ones over the earlier ones; nothing when all are empty. */}}
{{- define "ferrydns.annotations" -}}
{{- $all := dict -}}
{{- range . }}{{ $all = mustMergeOverwrite $all (deepCopy (. | default dict)) }}{{ end -}}
{{- with $all }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
