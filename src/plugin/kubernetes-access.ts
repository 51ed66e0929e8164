// `ferrydns/built-in/kubernetes`: how the Kubernetes API is reached.
export { accessByFile } from '../client/kubeconfig.ts';
export * from '../client/kubernetes-access.ts';
