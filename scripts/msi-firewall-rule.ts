// The msiProjectCreated step of electron-builder: adds the inbound firewall rule for the listener to the MSI's project.
import { readFile, writeFile } from 'node:fs/promises'

const ruleName = 'Alta Desk'

/**
 * The rule as custom actions that run `netsh` as the installer's own elevated process; WiX's firewall extension is not part
 * of the toolset that electron-builder brings. It allows the program, whatever port `http.addr` names, on networks that
 * Windows knows as private or as a domain's, and is removed with the application. A refusal (the firewall service is
 * off) does not stop the installation.
 * https://learn.microsoft.com/windows/win32/msi/custom-action-type-34
 */
const customActions = `
    <CustomAction Id="RemoveFirewallRule" Directory="APPLICATIONFOLDER" ExeCommand="&quot;[System64Folder]netsh.exe&quot; advfirewall firewall delete rule name=&quot;${ruleName}&quot; dir=in" Execute="deferred" Impersonate="no" Return="ignore"/>
    <CustomAction Id="AddFirewallRule" Directory="APPLICATIONFOLDER" ExeCommand="&quot;[System64Folder]netsh.exe&quot; advfirewall firewall add rule name=&quot;${ruleName}&quot; dir=in action=allow protocol=TCP profile=domain,private program=&quot;[#mainExecutable]&quot;" Execute="deferred" Impersonate="no" Return="ignore"/>
    <InstallExecuteSequence>
      <Custom Action="AddFirewallRule" After="InstallFiles">NOT Installed</Custom>
      <Custom Action="RemoveFirewallRule" Before="RemoveFiles">REMOVE="ALL"</Custom>
    </InstallExecuteSequence>
`
const end = '  </Product>'

/** Adds the rule to the text of a project. Throws where electron-builder's template is not the one we know. */
export function withFirewallRule(project: string): string {
  const parts = project.split(end)
  if (parts.length !== 2 || !/(?:Id|FileKey)="mainExecutable"/.test(project))
    throw new Error(
      'The MSI project has changed: look where its product ends, and what its executable is called.',
    )
  return parts.join(`${customActions}${end}`)
}

export default async function msiProjectCreated(path: string): Promise<void> {
  await writeFile(path, withFirewallRule(await readFile(path, 'utf8')))
}
