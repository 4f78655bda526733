/** What Node's `networkInterfaces` tells of one address. */
type InterfaceAddress = { address: string; family: string; internal: boolean }

/** Networks between the containers and virtual machines of one machine. Nobody outside of it reaches their addresses. */
const containerNetwork =
  /^(docker|br-[0-9a-f]{12}|veth|virbr|vnet|vmnet|vboxnet|cni|flannel|cali|cilium|kube-|podman|lxc|lxdbr|incusbr)/

/** The IPv4 addresses at which others may reach this machine, from what `networkInterfaces` tells. */
export function ownAddresses(interfaces: Record<string, InterfaceAddress[] | undefined>): string[] {
  const outside = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address }) => ({ name, address })),
  )
  const reachable = outside.filter(({ name }) => !containerNetwork.test(name))
  return (reachable.length > 0 ? reachable : outside).map(({ address }) => address)
}
